"""Keeping the index like the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from haystack import connections
from haystack.query import SearchQuerySet

from apps.movies.models import Movie
from apps.search.heat import heat
from utils.fulltext.generations import Outdated
from utils.fulltext.rebuilding import Difference, NotThisEngine, compare, engine, mend, rebuild, refresh
from utils.fulltext.tables import Tables

RELATIONS = {"category": "category", "region": "region", "language": "languages", "tag": "tags", "person": "people"}
AT_ONCE = 500  # titles
REHEATED = 2000  # titles of one run
MOST_TITLES = 10**9


def update(*, movie_ids: Sequence[int]) -> None:
    """Index the titles as they stand now, and remove those that aren't published.

    May run twice, at once and in any order: titles are read under the index's lock. Raises the database's errors.
    """
    try:
        refresh(Movie, movie_ids)
    except NotThisEngine:
        _write(movie_ids)


def update_related(*, relation: str, key: int) -> None:
    """Update the titles of a category, region, language, tag or person, whose name they are found by."""
    found = Movie.objects.published().filter(**{RELATIONS[relation]: key}).order_by("pk")
    ids = list(found.values_list("pk", flat=True).distinct())
    for start in range(0, len(ids), AT_ONCE):
        update(movie_ids=ids[start : start + AT_ONCE])


def reheat() -> int:
    """Update titles whose heat isn't what the index has, those that differ most first; returns how many.

    Plays change without a word. REHEATED titles at most: the next run has the others.
    """
    try:
        indexed = _indexed_heat()
    except (NotThisEngine, Outdated):
        return 0
    titles = Movie.objects.published().only("plays", "plays_week", "published_at").order_by()
    gaps = {movie.pk: abs(heat(movie) - indexed[movie.pk]) for movie in titles.iterator() if movie.pk in indexed}
    changed = sorted((pk for pk, gap in gaps.items() if gap), key=lambda pk: -gaps[pk])[:REHEATED]
    for start in range(0, len(changed), AT_ONCE):
        update(movie_ids=changed[start : start + AT_ONCE])
    return len(changed)


def prepare() -> bool:
    """Build the index where it can't answer: it was made by another release, or before there were titles.

    Returns whether it was built. An index of another engine is only filled.
    """
    try:
        size = engine("default").generations.reading(lambda tables: tables.size())
        empty = not size and Movie.objects.published().exists()
    except Outdated:
        empty = True
    except NotThisEngine:
        return _fill()
    return empty and rebuild() is not None


def differences() -> Iterator[Difference]:
    """What the index lacks, has in an older state, or has too much. Raises Outdated, and NotThisEngine for Whoosh."""
    return compare()


def mend_differences() -> int:
    """Write what differs as it stands now; returns how many titles. Other engines can't be compared."""
    mended = 0
    with suppress(NotThisEngine):
        for found in differences():
            mend(found)
            mended += len(found.pks())
    return mended


def _indexed_heat() -> dict[int, int]:
    def read(tables: Tables) -> dict[int, int]:
        ids = tables.ids(tables.browse(), (), limit=MOST_TITLES)
        found = (tables.documents(ids[at : at + AT_ONCE], ["heat"]) for at in range(0, len(ids), AT_ONCE))
        rows = (row for some in found for row in some.values())
        return {int(row["pk"]): row["heat"] for row in rows if row["model"] == "movies.movie"}

    return engine("default").generations.reading(read)


def _fill() -> bool:
    if SearchQuerySet().models(Movie).count():
        return False
    ids = list(Movie.objects.published().order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        _write(ids[start : start + AT_ONCE])
    return bool(ids)


def _write(movie_ids: Sequence[int]) -> None:
    """The same through what every engine of Haystack has."""
    backend = connections["default"].get_backend()
    index = connections["default"].get_unified_index().get_index(Movie)
    movies = list(index.index_queryset().filter(pk__in=movie_ids))
    if movies:
        backend.update(index, movies)
    for pk in set(movie_ids) - {movie.pk for movie in movies}:
        backend.remove(f"movies.movie.{pk}")
