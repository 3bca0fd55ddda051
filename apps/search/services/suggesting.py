"""Suggestions while a viewer types."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from apps.movies.models import Audience, Movie, Person
from apps.search.services import hot, recent
from apps.search.services.finding import people, shown
from apps.search.services.matching import match
from apps.search.services.texts import folded, plain
from apps.users.models import User

TITLES, PEOPLE, OWN, HOT = 6, 3, 2, 2  # at most, while something is typed
MATCHES = 60  # titles, among which those of people are
OWN_AT_FIRST = 6  # of one's own searches, in an empty box


class Source(StrEnum):
    """Where a suggestion comes from, in the order in which they are shown."""

    MINE = "mine"  # the account's recent searches
    TITLE = "title"
    PERSON = "person"
    HOT = "hot"


@dataclass(frozen=True)
class Suggestion:
    """A listed title or a person to open, or a text to search for."""

    source: Source
    text: str
    movie: Movie | None = None
    person: Person | None = None


def suggest(*, text: str, audience: Audience) -> list[Suggestion]:
    """Suggestions for `text`; for an empty one the viewer's recent searches and the hot searches."""
    text = plain(text)
    found = [Suggestion(Source.MINE, one) for one in _mine(text, audience)]
    if text:
        matches = match(text=text, most=MATCHES)
        titles = shown(found=matches, audience=audience, most=TITLES)
        named = people(text=text, among=matches.by_people, audience=audience)[:PEOPLE]
        found += [Suggestion(Source.TITLE, movie.title, movie) for movie in titles]
        found += [Suggestion(Source.PERSON, one.name, person=one) for one in named]
    known = {folded(one.text) for one in found}
    return found + [Suggestion(Source.HOT, one) for one in _hot(text, audience) if folded(one) not in known]


def _mine(text: str, audience: Audience) -> list[str]:
    if not isinstance(audience.viewer, User):
        return []
    texts = recent.texts(user=audience.viewer)
    return _beginning(text, texts)[:OWN] if text else texts[:OWN_AT_FIRST]


def _hot(text: str, audience: Audience) -> list[str]:
    texts = [row.text for row in hot.shown(at=audience.at, limit=hot.CHECKED if text else hot.SHOWN)]
    return _beginning(text, texts)[:HOT] if text else texts


def _beginning(text: str, texts: list[str]) -> list[str]:
    key = folded(text)
    return [one for one in texts if key and folded(one).startswith(key)]
