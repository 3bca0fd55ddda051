"""Rankings by day, week, month and all time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.movies import services
from apps.movies.models import Movie, PlayDay
from tests.factories import make_movie

pytestmark = pytest.mark.django_db


def _played(movie, **days):
    """Plays by how many days ago: d0=3 is three today."""
    for name, plays in days.items():
        day = timezone.localdate() - timedelta(days=int(name[1:]))
        PlayDay.objects.create(movie=movie, day=day, plays=plays)
        movie.plays += plays
    movie.save()


@pytest.fixture
def three():
    rising, steady, old = (make_movie(title=title) for title in ("新秀", "常青", "旧爱"))
    _played(rising, d0=50)
    _played(steady, d0=20, d3=40, d20=10)
    _played(old, d20=100, d90=500)
    services.refresh_rankings()
    return rising, steady, old


@pytest.mark.parametrize(
    ("period", "titles"),
    [
        ("day", ["新秀", "常青"]),
        ("week", ["常青", "新秀"]),
        ("month", ["旧爱", "常青", "新秀"]),
        ("all", ["旧爱", "常青", "新秀"]),
    ],
)
def test_each_period_has_its_order(client, three, period, titles):
    page = client.get(f"/ranking/{period}/")
    assert [row["movie"].title for row in page.context["ranking"]] == titles
    assert [row["place"] for row in page.context["ranking"]] == list(range(1, len(titles) + 1))


def test_movement_is_against_yesterdays_place(client, three):
    week = {row["movie"].title: row["movement"] for row in client.get("/ranking/week/").context["ranking"]}
    assert week == {"常青": 0, "新秀": None}  # nobody had played the rising one before today
    assert [row["movement"] for row in client.get("/ranking/day/").context["ranking"]] == [None, None]
    month = {row["movie"].title: row["movement"] for row in client.get("/ranking/month/").context["ranking"]}
    assert month == {"旧爱": 0, "常青": 0, "新秀": None}
    assert {m.title: m.rank_before for m in Movie.objects.all()} == {"旧爱": 1, "常青": 2, "新秀": 3}


def test_a_title_off_the_shelf_holds_no_place(three):
    _, steady, old = three
    Movie.objects.filter(pk=old.pk).update(status="withdrawn")
    services.refresh_rankings()
    steady.refresh_from_db()
    assert (steady.rank_month_before, steady.rank_before) == (1, 1)


def test_a_second_run_changes_nothing(three, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        services.refresh_rankings()


def test_htmx_gets_the_short_list_and_strangers_a_404(client, three):
    part = client.get("/ranking/day/", headers={"hx-request": "true"})
    assert b"<html" not in part.content
    assert "新秀" in part.content.decode()
    assert client.get("/ranking/year/").status_code == 404


def test_a_period_without_plays_says_so(client):
    make_movie()
    assert "这段时间还没有播放记录" in client.get("/ranking/day/").content.decode()
