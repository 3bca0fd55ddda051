"""Which titles the index finds for a viewer's words, best first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.db import DatabaseError
from haystack.constants import DEFAULT_ALIAS
from haystack.exceptions import HaystackError
from haystack.query import SearchQuerySet

from apps.movies.models import Movie
from apps.search.services import slips
from apps.search.services.nearness import near
from apps.search.services.plausibility import FIELDS, Candidate, ordered
from utils.chinese.folding import compact
from utils.chinese.rewording import rewordings
from utils.fulltext.generations import Outdated
from utils.fulltext.rebuilding import NotThisEngine, engine

MOST = 1000  # matches that are returned
COMPARED = 60  # of them, the first
LONGEST = 60  # characters of a query that are looked for

UNREADABLE = (DatabaseError, HaystackError, Outdated)
WAYS: tuple[Callable[[str], slips.Slips], ...] = (slips.sounding, slips.inside, slips.mistyped, slips.apart)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Matches:
    """Primary keys of titles, best first. They were published when they were indexed, which may be a moment ago."""

    ids: Sequence[int] = ()
    meant: str = ""  # what was found instead, where the words themselves find nothing
    by_people: Sequence[int] = ()  # the best, first those whose own names don't hold the words: their people's may


class _Key:
    """A result of which only the key is needed: made in a fifth of the time of Haystack's."""

    __slots__ = ("pk",)

    def __init__(self, _app: str, _model: str, pk: str, _score: float, **_fields: object) -> None:
        self.pk = pk


def match(*, text: str, most: int = MOST, exact: bool = False) -> Matches:
    """At most `most` titles for the words, or for what they probably mean unless `exact`; none while the index can't
    be read."""
    if not (text := _cut(text)):
        return Matches()
    try:
        found = _found(text, most)
        return found if found.ids or exact else _instead(text, most)
    except UNREADABLE:
        logger.exception("The search index can't be read")
        return Matches()


def nearest(*, text: str, most: int) -> Sequence[int]:
    """At most `most` titles whose names share much with the words; none while the index can't be read."""
    try:
        return near(_cut(text), most)
    except UNREADABLE:
        logger.exception("The search index can't be read")
        return ()


def _cut(text: str) -> str:
    return " ".join(text[: 4 * LONGEST].split())[:LONGEST]


def _found(text: str, most: int) -> Matches:
    """What the index finds for the words as they are, in the order of SEARCH_RANKING; the first COMPARED are put in
    order by plausibility."""
    rows = SearchQuerySet().models(Movie).filter(content=text)
    best = ordered((Candidate(int(pk), *row) for pk, *row in rows.values_list(*FIELDS)[:COMPARED]), text)
    ids, typed = [one.pk for one in best], compact(text)
    if len(ids) == COMPARED < most:  # from the first again: Whoosh knows whole pages only
        others = rows.result_class(_Key).values_list("pk", flat=True)[:most]
        ids = list(dict.fromkeys([*ids, *map(int, others)]))
    holding = {one.pk for one in best if one.holds(typed)}
    if slips.is_cut(text) and not holding:
        ids = list(dict.fromkeys([*slips.cut(text).ids, *ids]))
    return Matches(ids[:most], by_people=sorted((one.pk for one in best), key=lambda pk: pk in holding))


def _instead(text: str, most: int) -> Matches:
    for other in rewordings(text):
        if (found := _found(other, most)).ids:
            return replace(found, meant=other)
    try:
        engine(DEFAULT_ALIAS)
    except NotThisEngine:  # another one hasn't the lookups
        return Matches()
    for way in WAYS:
        if (slip := way(text)).ids:
            return Matches(slip.ids[:most], slip.meant)
    return Matches()
