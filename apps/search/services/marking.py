"""Why a title was found: the text in which the query stands, with its hits marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from apps.movies.models import Credit, Movie
from apps.search.services.texts import folded
from utils.chinese.folding import is_han
from utils.chinese.hearing import heard

BEFORE, AFTER = 24, 60  # characters of a summary around its first hit
SHORTEST = 2  # characters of a Latin word that is marked where the whole query doesn't occur
LONGEST_NAME = 200  # characters of a text that may be found by its sound


class Part(NamedTuple):
    """A piece of a text, and whether it is a hit."""

    text: str
    hit: bool


class Field(StrEnum):
    """Where a query was found."""

    ORIGINAL = "original"
    ALIAS = "alias"
    PERSON = "person"
    SUMMARY = "summary"


@dataclass(frozen=True)
class Match:
    """A found title: its name with marks and, where the name has none, another text that has.

    Without a `field`, the text says what the title is about.
    """

    movie: Movie
    title: Sequence[Part]
    field: Field | None = None
    text: Sequence[Part] = ()


def marked(text: str, query: str) -> list[Part]:
    """The text in parts: wherever the query stands in any spelling; else its words; else what sounds like it."""
    hits: set[int] = set()
    for first, last in _hits(text, query):
        hits.update(range(first, last))
    pieces = groupby(range(len(text)), hits.__contains__)
    return [Part("".join(text[at] for at in places), hit) for hit, places in pieces]


def has_hit(parts: Iterable[Part]) -> bool:
    """Whether any part is a hit."""
    return any(part.hit for part in parts)


def _hits(text: str, query: str) -> list[tuple[int, int]]:
    letters = [_letter(c) for c in text]
    plain = "".join(letters)
    places = [at for at, letter in enumerate(letters) for _ in letter]  # of each character of `plain` in `text`
    whole = _folded(query)
    found = []
    for needle in _needles(plain, whole, query):
        start = plain.find(needle)
        while start >= 0:
            found.append((places[start], places[start + len(needle) - 1] + 1))
            start = plain.find(needle, start + len(needle))
    if not found and len(text) <= LONGEST_NAME and (sound := heard(text, letters, whole)):
        found.append(sound)
    return found


@lru_cache(maxsize=20_000)
def _letter(c: str) -> str:
    return folded(c)


@lru_cache(maxsize=256)
def _folded(query: str) -> str:
    return folded(query)


def _needles(plain: str, whole: str, query: str) -> list[str]:
    if whole and whole in plain:
        return [whole]
    return [word for word in _words(query) if word in plain]


@lru_cache(maxsize=256)
def _words(query: str) -> list[str]:
    """The words of a query that are marked one by one; a page compares hundreds of texts with them."""
    words = [folded(word) for word in re.split(r"[\W_]+", query)]
    return [word for word in words if word and (len(word) >= SHORTEST or is_han(word))]


def explain(*, movies: Sequence[Movie], query: str) -> list[Match]:
    """Each title with the reason why it was found, or what it is about; two queries, for people and summaries."""
    found = {movie.pk: _by_name(movie, query) for movie in movies}
    for pk, name in _people([pk for pk, one in found.items() if one.field is None and not has_hit(one.title)]):
        if found[pk].field is None and has_hit(parts := marked(name, query)):
            found[pk] = replace(found[pk], field=Field.PERSON, text=parts)
    about = Movie.objects.filter(pk__in=[pk for pk, one in found.items() if one.field is None])
    for pk, tagline, summary in about.values_list("pk", "tagline", "summary"):
        text = " ".join(summary.split())
        if not has_hit(found[pk].title) and has_hit(parts := marked(text, query)):
            found[pk] = replace(found[pk], field=Field.SUMMARY, text=_excerpt(parts))
        elif opening := tagline or text[: BEFORE + AFTER]:
            cut = "…" if opening != (tagline or text) else ""
            found[pk] = replace(found[pk], text=[Part(opening + cut, False)])
    return [found[movie.pk] for movie in movies]


def _by_name(movie: Movie, query: str) -> Match:
    match = Match(movie, marked(movie.title, query))
    if has_hit(match.title):
        return match
    names = [(Field.ORIGINAL, movie.original_title), *((Field.ALIAS, line) for line in movie.aliases.splitlines())]
    for field, name in names:
        if has_hit(parts := marked(name.strip(), query)):
            return replace(match, field=field, text=parts)
    return match


def _people(ids: Sequence[int]) -> Iterable[tuple[int, str]]:
    """Titles and the names of their people, the translated one beside the original."""
    if ids:
        credits = Credit.objects.filter(movie__in=ids).order_by("movie", "order", "pk")
        for pk, name, original in credits.values_list("movie_id", "person__name", "person__original_name"):
            yield pk, name
            if original:
                yield pk, f"{name} {original}"


def _excerpt(parts: Sequence[Part]) -> list[Part]:
    """The surroundings of the first hit, with ellipses."""
    first = next(n for n, part in enumerate(parts) if part.hit)
    before = "".join(part.text for part in parts[:first])
    kept = [Part(before if len(before) <= BEFORE else f"…{before[-BEFORE:]}", False)] if before else []
    left = AFTER
    for part in parts[first:]:
        if left <= 0:
            break
        kept.append(Part(part.text if len(part.text) <= left else f"{part.text[:left]}…", part.hit))
        left -= len(part.text)
    return kept
