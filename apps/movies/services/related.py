"""Related titles for the watch page."""

from __future__ import annotations

from django.db.models.expressions import RawSQL

from apps.movies.models import Audience, Movie


def related(movie: Movie, audience: Audience, *, similar: int, hottest: int) -> tuple[list[Movie], list[Movie]]:
    """`similar` titles, those of the same category first, and the `hottest` of all, in one query."""
    listed = Movie.objects.listed(audience)
    others = listed.exclude(pk=movie.pk).order_by("-plays_week", "-pk").values_list("pk")
    parts: list[str] = []
    values: list[object] = []
    for name, rows in (
        ("near", others.filter(category=movie.category_id)[:similar]),
        ("hot", others[: similar + hottest]),
    ):
        sql, params = rows.query.sql_with_params()
        parts.append(f"SELECT {name}.pk FROM ({sql}) AS {name}")  # noqa: S608  (the ORM's own SQL)
        values += params
    # MariaDB doesn't support LIMIT in an IN subquery, but in a derived table.
    keys = RawSQL(" UNION ".join(parts), values)  # noqa: S611
    titles = Movie.objects.listed_by_key(audience).for_card()
    found = sorted(titles.filter(pk__in=keys), key=lambda m: (-m.plays_week, -m.pk))
    near = sorted(found, key=lambda m: m.category_id != movie.category_id)  # keeps the order within
    return near[:similar], found[:hottest]
