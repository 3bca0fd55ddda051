"""Plays: recorded as rows, added to titles in batches, aggregated into rankings."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from apps.movies.models import Movie, Play, PlayDay

SPANS = {"day": 1, "week": 7, "month": 30}  # days covered by each ranking
KEPT = [*(f"plays_{name}" for name in SPANS), *(f"rank_{name}_before" for name in SPANS), "rank_before"]
PLACES = 500  # of yesterday's ranking; titles below count as new
WRITTEN_AT_ONCE = 200  # rows
FLUSHED_AT_ONCE = 500  # plays


def record_play(*, movie_id: int, at: datetime) -> None:
    """Record one play as a new row, without lock contention, in the caller's transaction."""
    Play.objects.create(movie_id=movie_id, day=timezone.localdate(at))


def flush_plays() -> int:
    """Add recorded plays to their titles and days; returns how many.

    Rows are deleted and counted in the same transaction, so that each counts once.
    """
    total, more = 0, True
    while more:  # in small transactions, so that other writers aren't blocked
        with transaction.atomic():
            rows = list(Play.objects.select_for_update().order_by("pk")[:FLUSHED_AT_ONCE])
            total += _add(Counter((row.movie_id, row.day) for row in rows))
            Play.objects.filter(pk__in=[row.pk for row in rows]).delete()
        more = len(rows) == FLUSHED_AT_ONCE
    return total


def _add(plays: Counter[tuple[int, date]]) -> int:
    """Add plays by movie and day; returns how many, without deleted titles.

    Titles with the same number of plays share a statement.
    """
    # Locked first and in a fixed order, to avoid deadlocks with other flushes and `refresh_rankings`.
    wanted = Movie.objects.filter(pk__in={movie for movie, _ in plays}).order_by("pk")
    known = set(wanted.select_for_update().values_list("pk", flat=True))
    by_movie: Counter[int] = Counter()
    days: defaultdict[tuple[date, int], list[int]] = defaultdict(list)
    for (movie, day), count in plays.items():
        if movie in known:
            by_movie[movie] += count
            days[day, count].append(movie)
    titles: defaultdict[int, list[int]] = defaultdict(list)
    for movie, count in by_movie.items():
        titles[count].append(movie)
    for count, movies in titles.items():
        Movie.objects.filter(pk__in=movies).update(
            **{name: F(name) + count for name in ("plays", *(f"plays_{span}" for span in SPANS))}
        )
    PlayDay.objects.bulk_create(
        (PlayDay(movie_id=movie, day=day) for (day, _), movies in days.items() for movie in movies),
        ignore_conflicts=True,
    )
    for (day, count), movies in days.items():
        PlayDay.objects.filter(day=day, movie__in=movies).update(plays=F("plays") + count)
    return by_movie.total()


def refresh_rankings() -> None:
    """Update plays_day, plays_week and plays_month, and yesterday's ranks."""
    today = timezone.localdate()
    wanted: dict[int, dict[str, int]] = {}
    for name, days in SPANS.items():
        for movie, plays in _plays_by_movie(today, days):
            wanted.setdefault(movie, {})[f"plays_{name}"] = plays
        for place, (movie, _) in enumerate(_plays_by_movie(today - timedelta(days=1), days)[:PLACES], start=1):
            wanted.setdefault(movie, {})[f"rank_{name}_before"] = place
    since = Movie.objects.published().annotate(before=F("plays") - F("plays_day")).order_by("-before", "-pk")
    for place, movie in enumerate(since.values_list("pk", flat=True)[:PLACES], start=1):
        wanted.setdefault(movie, {})["rank_before"] = place
    none: dict[str, int | None] = {name: 0 if name.startswith("plays") else None for name in KEPT}
    changed = []
    for row in Movie.objects.only("pk", *KEPT).iterator():
        values = none | wanted.get(row.pk, {})
        if any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            changed.append(row)
    # In small transactions, so that other writers aren't blocked.
    for start in range(0, len(changed), WRITTEN_AT_ONCE):
        Movie.objects.bulk_update(changed[start : start + WRITTEN_AT_ONCE], KEPT)


def _plays_by_movie(last: date, days: int) -> list[tuple[int, int]]:
    """(movie, plays) of the `days` days that end with `last`, of published titles, most played first."""
    window = PlayDay.objects.filter(
        day__gt=last - timedelta(days=days), day__lte=last, movie__in=Movie.objects.published()
    )
    return list(window.values_list("movie").annotate(n=Sum("plays")).order_by("-n", "-movie"))
