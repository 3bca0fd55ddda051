"""Plays: counted once each, whatever dies in between; summed into rankings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.movies import services
from apps.movies.models import Movie, Play, PlayDay
from tests.factories import make_movie

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def test_plays_reach_the_movie_and_the_day():
    first, second = make_movie(), make_movie(plays=5)
    for movie in (first, second, second):
        services.record_play(movie_id=movie.pk, at=NOW)
    assert services.flush_plays() == 3
    assert services.flush_plays() == 0
    assert list(Movie.objects.order_by("pk").values_list("plays", "plays_week")) == [(1, 1), (7, 2)]
    assert PlayDay.objects.get(movie=second).plays == 2
    services.record_play(movie_id=second.pk, at=NOW)
    assert services.flush_plays() == 1
    assert PlayDay.objects.get(movie=second, day=timezone.localdate(NOW)).plays == 3
    assert not Play.objects.exists()


def test_a_play_belongs_to_the_day_on_which_it_was_watched():
    movie = make_movie()
    midnight = datetime(2026, 3, 1, 16, tzinfo=UTC)  # in Shanghai
    for seconds in (-1, 0, 1):
        services.record_play(movie_id=movie.pk, at=midnight + timedelta(seconds=seconds))
    assert services.flush_plays() == 3
    days = PlayDay.objects.filter(movie=movie).order_by("day").values_list("day", "plays")
    assert [(str(day), count) for day, count in days] == [("2026-03-01", 1), ("2026-03-02", 2)]
    assert Movie.objects.get().plays == 3


def test_a_title_that_is_gone_stops_nothing():
    movie, gone = make_movie(), make_movie()
    services.record_play(movie_id=gone.pk, at=NOW)
    services.record_play(movie_id=movie.pk, at=NOW)
    gone.delete()
    assert services.flush_plays() == 1
    assert not Play.objects.exists()


def test_a_flush_that_dies_at_any_statement_counts_nothing_twice_and_loses_nothing():
    first, second = make_movie(), make_movie()
    for movie in (first, second, second):
        services.record_play(movie_id=movie.pk, at=NOW)
    left = deaths = 0

    def die(execute, sql, *rest):
        nonlocal left
        if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            left -= 1
            if left < 0:
                raise OperationalError("the server has gone away")
        return execute(sql, *rest)

    while True:
        left = deaths
        try:
            with connection.execute_wrapper(die):
                assert services.flush_plays() == 3
            break
        except OperationalError:
            deaths += 1
            assert Play.objects.count() == 3
            assert set(Movie.objects.values_list("plays", flat=True)) == {0}
            assert not PlayDay.objects.exclude(plays=0).exists()
    assert deaths == 8
    assert services.flush_plays() == 0
    assert list(Movie.objects.order_by("pk").values_list("plays", flat=True)) == [1, 2]


def test_a_flush_takes_a_few_statements_whatever_the_number_of_titles():
    def cost(titles: int) -> int:
        Play.objects.bulk_create(
            Play(movie_id=movie.pk, day=timezone.localdate(NOW)) for movie in [make_movie() for _ in range(titles)]
        )
        with CaptureQueriesContext(connection) as queries:
            assert services.flush_plays() == titles
        return len(queries)

    assert cost(60) == cost(3) <= 8


def test_many_plays_are_flushed_in_small_transactions(monkeypatch):
    monkeypatch.setattr(services.plays, "FLUSHED_AT_ONCE", 4)
    movie = make_movie()
    for _ in range(9):
        services.record_play(movie_id=movie.pk, at=NOW)
    with CaptureQueriesContext(connection) as queries:
        assert services.flush_plays() == 9
    assert sum(query["sql"].startswith("SAVEPOINT") for query in queries) == 3
    assert Movie.objects.get().plays == 9


def test_rankings_sum_their_days_and_know_yesterdays_places():
    today = timezone.localdate()
    risen, fallen, old = make_movie(plays_day=99), make_movie(), make_movie(plays_month=7)
    for movie, ago, count in [(risen, 0, 50), (risen, 1, 1), (fallen, 3, 20), (old, 20, 30), (old, 31, 400)]:
        PlayDay.objects.create(movie=movie, day=today - timedelta(days=ago), plays=count)
    services.refresh_rankings()
    figures = {m.pk: (m.plays_day, m.plays_week, m.plays_month, m.rank_week_before) for m in Movie.objects.all()}
    assert figures == {risen.pk: (50, 51, 51, 2), fallen.pk: (0, 20, 20, 1), old.pk: (0, 0, 30, None)}
