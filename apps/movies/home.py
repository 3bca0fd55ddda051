"""The rows of the home page."""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.utils.functional import cached_property

from apps.movies.models import Audience, Category, Movie, MovieQuerySet
from apps.movies.rankings import RANKED, ranked
from utils.templatetags.formats import local_name

SHELF = 12  # titles in a row
SHELVES = 24  # categories that get a row


class Home:
    """All rows are loaded lazily in two queries; each is selected by its own index."""

    def __init__(self, types: list[Category], audience: Audience) -> None:
        self.listed, self.by_key = Movie.objects.listed(audience), Movie.objects.listed_by_key(audience)
        self.types = types[:SHELVES]

    @cached_property
    def _lists(self) -> dict[str, list[Movie]]:
        listed = self.listed
        return pick(
            self.by_key,
            {
                "featured": (listed, "plays", SHELF),
                "discussed": (listed.filter(comments_count__gt=0), "comments_count", SHELF),
                "newest": (listed, "published_at", SHELF),
                "scored": (listed.filter(score__gt=0), "score", SHELF),
                "hottest": (listed.filter(plays_week__gt=0), "plays_week", RANKED),
                **{f"in {c.pk}": (listed.filter(category=c), "plays_week", SHELF) for c in self.types},
            },
        )

    def __getitem__(self, name: str) -> list[Movie]:
        return self._lists[name]

    def ranking(self) -> list[dict[str, Any]]:
        """The week's most played titles, as returned by `ranked`."""
        return ranked(self["hottest"], "week")

    def shelves(self) -> list[dict[str, Any]]:
        """A row for each category that has titles: title, url, movies."""
        return [
            {"title": local_name(c), "url": c.get_absolute_url(), "movies": self[f"in {c.pk}"]}
            for c in self.types
            if self[f"in {c.pk}"]
        ]


def pick(titles: MovieQuerySet, wanted: dict[str, tuple[MovieQuerySet, str, int]]) -> dict[str, list[Movie]]:
    """The top rows of several querysets, given as {name: (rows, field, number)}, ordered by field descending.

    One query finds the keys (each part reads as many entries of an index as it returns), another loads every
    of `titles` once. The ORM has no UNION of limited queries that both SQLite and MariaDB take; its SQL can be put in
    one.
    """
    parts: list[str] = []
    values: list[Any] = []
    for place, (rows, field, number) in enumerate(wanted.values()):
        sql, params = rows.order_by(f"-{field}", "-pk").values_list("pk")[:number].query.sql_with_params()
        parts.append(f"SELECT {place}, part{place}.* FROM ({sql}) AS part{place}")  # noqa: S608  (the ORM's own SQL)
        values += params
    with connections[Movie.objects.all().db].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        keys: list[tuple[int, int]] = cursor.fetchall()
    movies = titles.for_card().in_bulk({pk for _, pk in keys})
    found = {
        name: [movies[pk] for part, pk in keys if part == place and pk in movies] for place, name in enumerate(wanted)
    }
    for name, (_, field, _) in wanted.items():
        found[name].sort(key=lambda m: (getattr(m, field), m.pk), reverse=True)  # a UNION doesn't guarantee order
    return found
