"""Plays: counted once each, whatever dies in between; summed into rankings."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone
from django_redis import get_redis_connection

from apps.movies.models import Movie, PlayBatch, PlayDay
from apps.movies.services import flush_plays, plays, record_play, refresh_rankings
from tests.factories import make_movie

viewers = itertools.count()
pytestmark = pytest.mark.django_db


@pytest.fixture
def redis():
    return get_redis_connection("default")


def test_plays_reach_the_movie_and_the_day():
    first, second = make_movie(), make_movie(plays=5)
    for movie in (first, second, second):
        record_play(movie_id=movie.pk, once=str(next(viewers)), seconds=60)
    assert flush_plays() == 3
    assert flush_plays() == 0
    assert list(Movie.objects.order_by("pk").values_list("plays", "plays_week")) == [(1, 1), (7, 2)]
    assert PlayDay.objects.get(movie=second).plays == 2
    record_play(movie_id=second.pk, once=str(next(viewers)), seconds=60)
    assert flush_plays() == 1
    assert PlayDay.objects.get(movie=second, day=timezone.localdate()).plays == 3


def test_a_title_that_is_gone_stops_nothing():
    movie = make_movie()
    record_play(movie_id=movie.pk + 1000, once=str(next(viewers)), seconds=60)
    record_play(movie_id=movie.pk, once=str(next(viewers)), seconds=60)
    assert flush_plays() == 1


def test_a_batch_that_was_committed_but_not_removed_counts_once(redis):
    movie = make_movie()
    record_play(movie_id=movie.pk, once=str(next(viewers)), seconds=60)
    plays._take(redis)
    batch = redis.srandmember(plays.BATCHES).decode()
    kept = redis.dump(batch)
    flush_plays()
    redis.restore(batch, 0, kept)  # as if the worker had died between the commit and the removal
    redis.sadd(plays.BATCHES, batch)
    assert flush_plays() == 0
    assert Movie.objects.get().plays == 1
    assert not redis.exists(batch)
    assert PlayBatch.objects.count() == 1


def test_a_batch_that_could_not_be_committed_is_kept_for_the_next_time(redis, django_db_blocker):
    movie = make_movie()
    record_play(movie_id=movie.pk, once=str(next(viewers)), seconds=60)
    with django_db_blocker.block(), pytest.raises(RuntimeError):
        flush_plays()
    record_play(movie_id=movie.pk, once=str(next(viewers)), seconds=60)
    assert flush_plays() == 2
    assert Movie.objects.get().plays == 2
    assert redis.keys("plays:*") == []


def test_workers_that_flush_at_once_lose_no_batch(redis):
    committed: dict[bytes, int] = {}  # what the PlayBatch rows do in the database: the first commit of a name counts

    def work(number: int) -> None:
        for _ in range(60):
            record_play(movie_id=7, once=str(next(viewers)), seconds=60)
            plays._take(redis)
            for name in redis.smembers(plays.BATCHES):
                committed.setdefault(name, sum(int(n) for n in redis.hvals(name)))
                redis.delete(name)
                redis.srem(plays.BATCHES, name)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert sum(committed.values()) == 360
    assert redis.keys("plays:*") == []


def test_rankings_sum_their_days_and_know_yesterdays_places():
    today = timezone.localdate()
    risen, fallen, old = make_movie(plays_day=99), make_movie(), make_movie(plays_month=7)
    for movie, ago, count in [(risen, 0, 50), (risen, 1, 1), (fallen, 3, 20), (old, 20, 30), (old, 31, 400)]:
        PlayDay.objects.create(movie=movie, day=today - timedelta(days=ago), plays=count)
    refresh_rankings()
    figures = {m.pk: (m.plays_day, m.plays_week, m.plays_month, m.rank_week_before) for m in Movie.objects.all()}
    assert figures == {risen.pk: (50, 51, 51, 2), fallen.pk: (0, 20, 20, 1), old.pk: (0, 0, 30, None)}


def test_the_database_takes_a_batch_once():
    PlayBatch.objects.create(name="x")
    with pytest.raises(DatabaseError):
        PlayBatch.objects.create(name="x")
