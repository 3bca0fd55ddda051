"""Rankings by day, week, month and all time, from the counters that `refresh_rankings` keeps."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.movies.models import Movie, MovieQuerySet

RANKED = 10  # titles in the sidebar
CHART = 50  # titles on the ranking page

# period: (name, counter, field of yesterday's rank)
PERIODS: dict[str, tuple[Any, str, str]] = {
    "day": (_("Today"), "plays_day", "rank_day_before"),
    "week": (_("This week"), "plays_week", "rank_week_before"),
    "month": (_("This month"), "plays_month", "rank_month_before"),
    "all": (_("All time"), "plays", "rank_before"),
}


def hottest(movies: MovieQuerySet, period: str) -> MovieQuerySet:
    """Titles played in the period, most played first."""
    counter = PERIODS[period][1]
    return movies.filter(**{f"{counter}__gt": 0}).order_by(f"-{counter}", "-pk")


def ranked(movies: list[Movie], period: str) -> list[dict[str, Any]]:
    """Ranking rows: place, movie, plays, and change since yesterday (None: new)."""
    _name, counter, before = PERIODS[period]
    rows = []
    for place, movie in enumerate(movies, start=1):
        past = getattr(movie, before)
        rows.append(
            {
                "place": place,
                "movie": movie,
                "plays": getattr(movie, counter),
                "movement": past - place if past else None,
                "fallen": place - past if past else 0,
            }
        )
    return rows
