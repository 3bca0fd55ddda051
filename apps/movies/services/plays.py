"""Plays: counted in Redis as they happen, brought to the database in batches, summed into rankings."""

from __future__ import annotations

import secrets
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils import timezone
from django_redis import get_redis_connection
from redis import Redis
from redis.exceptions import RedisError

from apps.movies.models import Movie, PlayBatch, PlayDay

PENDING = "plays:pending"  # hash: "<movie id>:<ISO date>" → plays not yet in the database
BATCHES = "plays:batches"  # set: names of hashes taken out of PENDING, until they are committed

SPANS = {"day": 1, "week": 7, "month": 30}  # days each ranking looks back on
KEPT = [*(f"plays_{name}" for name in SPANS), *(f"rank_{name}_before" for name in SPANS), "rank_before"]
PLACES = 500  # of yesterday's ranking; who stood below is new in it
WRITTEN_AT_ONCE = 200  # rows

# One step: between a rename and a note of it, another worker would settle the batch as empty and drop it.
TAKE = """
if redis.call('exists', KEYS[1]) == 1 then
    redis.call('rename', KEYS[1], KEYS[2])
    redis.call('sadd', KEYS[3], KEYS[2])
end
"""

COUNT = """
if redis.call('set', KEYS[1], 1, 'NX', 'EX', ARGV[1]) then
    redis.call('hincrby', KEYS[2], ARGV[2], 1)
end
"""


def record_play(*, movie_id: int, once: str, seconds: int) -> bool:
    """Count one play, today, unless `once` was counted less than `seconds` ago; False if that isn't known.

    One step in Redis: asked again after a failure it neither loses the play nor counts it twice.
    """
    field = f"{movie_id}:{timezone.localdate().isoformat()}"
    try:
        get_redis_connection("default").eval(COUNT, 2, f"viewed:{once}", PENDING, seconds, field)
    except RedisError:
        return False
    return True


def flush_plays() -> int:
    """Bring the counted plays to the database; returns how many.

    A batch is taken by renaming the hash and is removed only after the commit. Its name is
    stored in the same transaction, so a batch whose removal was interrupted counts once.
    """
    redis = get_redis_connection("default")
    _take(redis)
    total = 0
    for raw in redis.smembers(BATCHES):
        batch = raw.decode()
        counts = {key.decode(): int(value) for key, value in redis.hgetall(batch).items()}
        try:
            with transaction.atomic():
                PlayBatch.objects.create(name=batch)
                total += _apply(counts)
        except IntegrityError:
            if not PlayBatch.objects.filter(name=batch).exists():
                raise
        redis.delete(batch)
        redis.srem(BATCHES, batch)
    PlayBatch.objects.filter(created_at__lt=timezone.now() - timedelta(days=2)).delete()
    return total


def _take(redis: Redis) -> None:
    """Close what was counted so far into a batch of its own, known to every worker."""
    redis.eval(TAKE, 3, PENDING, f"plays:batch:{secrets.token_hex(8)}", BATCHES)


def _apply(counts: dict[str, int]) -> int:
    known = set(Movie.objects.filter(pk__in=[int(key.split(":")[0]) for key in counts]).values_list("pk", flat=True))
    total = 0
    for key, plays in sorted(counts.items()):  # one order everywhere: no deadlock between workers
        movie_id, day = int(key.split(":")[0]), date.fromisoformat(key.split(":")[1])
        if movie_id not in known:
            continue
        PlayDay.objects.get_or_create(movie_id=movie_id, day=day)
        PlayDay.objects.filter(movie_id=movie_id, day=day).update(plays=F("plays") + plays)
        Movie.objects.filter(pk=movie_id).update(
            plays=F("plays") + plays,
            plays_day=F("plays_day") + plays,
            plays_week=F("plays_week") + plays,
            plays_month=F("plays_month") + plays,
        )
        total += plays
    return total


def refresh_rankings() -> None:
    """Sum the days into plays_day, plays_week and plays_month, and note yesterday's places of every ranking."""
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
    # In small transactions: other writers get their turn in between.
    for start in range(0, len(changed), WRITTEN_AT_ONCE):
        Movie.objects.bulk_update(changed[start : start + WRITTEN_AT_ONCE], KEPT)


def _plays_by_movie(last: date, days: int) -> list[tuple[int, int]]:
    """(movie, plays) of the `days` days that end with `last`, of published titles, most played first."""
    window = PlayDay.objects.filter(
        day__gt=last - timedelta(days=days), day__lte=last, movie__in=Movie.objects.published()
    )
    return list(window.values_list("movie").annotate(n=Sum("plays")).order_by("-n", "-movie"))
