"""The home page's lists in a large catalogue, and what they cost."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.template import Context, Template
from django.utils import timezone

from apps.movies.home import SHELF, Home
from apps.movies.models import Audience, Banner, Category, Credit, Movie, Schedule, Status, listed_by_key
from apps.movies.rankings import PERIODS, hottest
from apps.notices.models import Notice
from apps.playback.models import Progress
from tests.factories import make_category, make_episode, make_movie, make_user

pytestmark = pytest.mark.django_db

TITLES = 2000
SOMEBODY = Audience(AnonymousUser(), timezone.now())


@pytest.fixture(scope="module")
def large(module_db):
    """2,000 titles: one category has all that is hot, another all that is good, and nobody plays the best."""
    hot, good = make_category("hot"), make_category("good")
    now = timezone.now()
    Movie.objects.bulk_create(
        Movie(
            title=f"影片{n}", category=hot if n % 2 else good, status=Status.PUBLISHED, comments_count=n % 7,
            plays=n if n % 2 else 0, plays_week=n if n % 2 else 0, score="5.0" if n % 2 else "9.0",
            published_at=now - timedelta(hours=n),
        )
        for n in range(TITLES)
    )  # fmt: skip
    best = make_movie(title="无人问津", category=good, score="9.9")
    make_movie(title="删掉的", category=good, score="10.0", plays_week=9999, deleted_at=now)
    make_movie(title="草稿", category=good, score="10.0", plays_week=9999, status=Status.DRAFT)
    return best


def test_every_shelf_is_picked_from_the_whole_catalogue(large, client):
    page = client.get("/")
    assert page.context["high_scored"][0] == large
    assert all(m.score >= 9 for m in page.context["high_scored"])
    shelves = {shelf["title"]: shelf["movies"] for shelf in page.context["top_movies"]}
    assert len(shelves["good"]) == len(shelves["hot"]) == SHELF
    assert [m.plays_week for m in shelves["hot"]] == [1999 - 2 * n for n in range(SHELF)]
    assert [row["movie"].plays_week for row in page.context["ranking"]] == [1999 - 2 * n for n in range(10)]
    assert [m.plays for m in page.context["featured_movies"]] == [1999 - 2 * n for n in range(SHELF)]
    newest = page.context["recrnt_movies"]
    assert newest[0] == large
    assert [m.title for m in newest[1:4]] == ["影片0", "影片1", "影片2"]
    assert {m.comments_count for m in page.context["rating_movies"]} == {6}
    assert "删掉的" not in page.content.decode()


def test_titles_are_found_by_their_keys_without_statistics(large):
    keys = list(Movie.objects.values_list("pk", flat=True)[::99])
    found = Movie.objects.listed_by_key(SOMEBODY)
    assert set(found) == set(Movie.objects.listed(SOMEBODY))
    by_key = listed_by_key(SOMEBODY, "movie__")
    for rows in (
        found.filter(pk__in=keys).for_card(),
        Credit.objects.filter(by_key, movie__in=keys).values_list("person__name"),
        Credit.objects.filter(by_key, person=1).values_list("movie__year"),
        Schedule.objects.filter(by_key, finished=False).order_by("-movie__plays_week"),
    ):
        plan = rows.explain()
        assert "SCAN movies_movie" not in plan, plan
        assert "movies_movi_status" not in plan, plan  # all that are published
        assert not re.search(r"movies_movie\b.*\bALL\b", plan), plan


def test_no_list_reads_the_whole_table(large):
    types = list(Category.objects.all())
    listed = Movie.objects.listed(SOMEBODY)
    rows = [listed.order_by(f"-{field}", "-pk") for field in ("plays", "comments_count", "published_at", "score")]
    rows += [
        listed.filter(category=c).order_by(f"-{f}", "-pk")
        for c in types
        for f in ("plays_week", "score", "published_at")
    ]
    rows += [hottest(listed, period) for period in PERIODS]
    mysql = connection.vendor == "mysql"
    if not mysql:  # there it is a table's own affair, and would commit
        connection.cursor().execute("ANALYZE")
    for found in rows:
        plan = found[:SHELF].explain()
        assert (" movies_movi_" if mysql else "USING INDEX") in plan, plan
        assert ("filesort" if mysql else "B-TREE") not in plan, plan
    Banner.objects.create(movie=large)
    plan = Banner.objects.shown(SOMEBODY).explain()
    assert "SCAN movies_movie" not in plan, plan
    assert not re.search(r"ALL\b.*\b2\d{3}\b", plan), plan  # of MariaDB's table: as many rows as there are titles


def test_the_lists_take_two_queries(large, django_assert_num_queries):
    types = list(Category.objects.all())
    with django_assert_num_queries(2):  # the keys, the titles
        lists = Home(types, SOMEBODY)
        lists.ranking()
        lists.shelves()


def test_the_page_is_bounded_for_a_viewer_who_is_signed_in(large, client, django_assert_max_num_queries):
    Notice.objects.create(title="上新")
    user = make_user()
    client.force_login(user)
    for _ in range(3):
        episode = make_episode()
        Progress.objects.create(user=user, episode=episode, position=9, duration=20, updated_at=timezone.now())
    with django_assert_max_num_queries(9):
        # user, categories, banners with their titles, notice, keys, titles, progress, session
        client.get("/")
    with django_assert_max_num_queries(5):  # the hero and the shelves are kept for everyone
        page = client.get("/")
    assert "无人问津" in page.content.decode()


def test_a_site_with_nothing_published_says_so(client):
    make_category()
    Movie.objects.update(status=Status.DRAFT)
    assert "还没有影片" in client.get("/").content.decode()


def test_a_card_needs_one_query_and_no_other_table(django_assert_num_queries):
    free = make_movie(title="<免费>", genre_line="剧情", score="8.1", episodes_out=1)
    make_movie(title="会员", access="vip", tagline="一句话")
    make_movie(title="独家", exclusive=True)
    with django_assert_num_queries(1) as asked:
        movies = list(Movie.objects.for_card().order_by("pk"))
        page = Template("{% load cards %}{% poster_cards movies %}").render(Context({"movies": movies}))
    assert "JOIN" not in asked.captured_queries[0]["sql"]
    assert 'title="&lt;免费&gt;">&lt;免费&gt;</span><span class="card__line">剧情&nbsp;' in page
    assert re.findall(r'class="(badge[^"]*)">([^<]*)<', page) == [("badge badge--vip", "VIP"), ("badge", "独播")]
    assert re.findall(r'data-storyboard="([^"]*)"', page) == [f"/play/{free.pk}/1/storyboard.vtt"]
    assert "<b>8.1</b>" in page
    assert "一句话&nbsp;" in page
