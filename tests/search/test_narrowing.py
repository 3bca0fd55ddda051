"""Filters of results: counts, orders, and one address for each choice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.movies import services as movies
from apps.movies.models import Audience, Genre, Movie, Region
from apps.search.asked import Asked
from apps.search.services.narrowing import narrow
from tests.factories import make_category, make_movie

pytestmark = pytest.mark.django_db


@pytest.fixture
def titles(live_index):
    now, region, genre = timezone.now(), Region.objects.create(name="日本"), Genre.objects.create(name="科幻")
    rows = [
        {"kind": "film", "year": 2019, "region": region, "score": "8.1", "plays_week": 1},
        {"kind": "film", "year": 2020, "access": "vip", "score": "9.1", "plays_week": 3},
        {"kind": "series", "year": 2019, "access": "vip", "score": "7.0", "plays_week": 2},
        {"kind": "series", "year": None, "category": make_category("series")},
    ]
    made = [
        make_movie(title=f"海{n}", published_at=now - timedelta(days=(n * 3) % 4), **row) for n, row in enumerate(rows)
    ]
    made[0].genres.add(genre)
    return made


def _narrow(titles, sort="", **chosen):
    return narrow(
        ids=[m.pk for m in titles], audience=Audience(AnonymousUser(), timezone.now()), chosen=chosen, sort=sort
    )


def test_values_are_counted_within_what_the_other_filters_leave(titles):
    found = _narrow(titles, kind="film", access="vip")
    assert found.ids == [titles[1].pk]
    assert found.counts("kind") == {"film": 1, "series": 1}
    assert found.counts("access") == {"free": 1, "vip": 1}
    assert found.counts("year") == {"2020": 1}
    assert _narrow(titles).counts("year") == {"2019": 2, "2020": 1}
    assert _narrow(titles).counts("genre") == {str(Genre.objects.get().pk): 1}


def test_relevance_newest_heat_and_score_are_orders(titles):
    def order(sort):
        return [m.title for pk in _narrow(titles, sort=sort).ids for m in titles if m.pk == pk]

    assert order("") == ["海0", "海1", "海2", "海3"]
    assert order("date") == ["海0", "海3", "海2", "海1"]
    assert order("heat") == ["海1", "海2", "海0", "海3"]
    assert order("score") == ["海1", "海0", "海2", "海3"]


def test_what_is_not_listed_is_neither_found_nor_counted(titles, django_assert_num_queries):
    movies.facet_index()  # a copy, which doesn't know yet
    Movie.objects.filter(pk=titles[0].pk).update(status="withdrawn")
    with django_assert_num_queries(2) as asked:
        found = _narrow(titles)
        assert "title" not in asked.captured_queries[0]["sql"].split(" FROM ")[0]  # of a thousand, only their keys
        assert found.ids == [m.pk for m in titles[1:]]
        assert found.counts("year") == {"2019": 1, "2020": 1}
    with django_assert_num_queries(3):
        assert _narrow(titles, sort="score").ids[0] == titles[1].pk


def test_found_titles_are_checked_and_sorted_by_their_keys(titles):
    movies.facet_index()
    with CaptureQueriesContext(connection) as asked:
        assert _narrow(titles, sort="score").ids
    checked, _, ordered = (query["sql"] for query in asked.captured_queries)
    for sql in (checked, ordered):
        assert f" IN ({', '.join(str(m.pk) for m in titles)})" in sql
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}")
            plan = " ".join(map(str, cursor.fetchall()))
        assert ("INTEGER PRIMARY KEY" if connection.vendor == "sqlite" else "PRIMARY") in plan
        assert "SCAN movies_movie" not in plan


def test_nothing_found_is_not_asked_for(django_assert_num_queries):
    movies.facet_index()
    with django_assert_num_queries(1):  # categories
        narrow(ids=[], audience=Audience.public(), chosen={}, sort="")


def test_a_title_that_the_copy_does_not_have_yet_is_found_without_filters(titles):
    movies.facet_index()
    late = make_movie(title="海9", year=2019)
    assert _narrow([*titles, late]).ids[-1] == late.pk
    assert late.pk not in _narrow([*titles, late], year="2019").ids


def test_values_nobody_has_find_nothing(titles):
    for chosen in ({"category": "series"}, {"category": "nothing"}, {"genre": "999"}, {"kind": "odd"}, {"year": "x"}):
        assert _narrow(titles[:1], **chosen).ids == []


@pytest.mark.parametrize(
    ("query", "address"),
    [
        ("q=海", "/search/?q=%E6%B5%B7"),
        ("sort=date&year=2019&kind=film&q=%20海%20", "/search/?q=%E6%B5%B7&kind=film&year=2019&sort=date"),
        ("q=海&sort=odd&page=1&more=1&kind=", "/search/?q=%E6%B5%B7"),
        ("q=a%26b%3Dc", "/search/?q=a%26b%3Dc"),
    ],
)
def test_each_choice_has_one_address(query, address):
    assert Asked.of(QueryDict(query)).address() == address


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30, "²", ""])
def test_an_odd_page_number_is_the_first_page(page):
    assert Asked.of(QueryDict(f"q=海&page={page}")).page <= 1


def test_a_filter_that_leaves_nothing_can_be_removed(client, titles):
    page = client.get("/search/", {"q": "海", "kind": "course"})
    assert list(page.context["movie_page"]) == []
    assert page.context["chosen"] == [{"label": "课程", "remove_url": "/search/?q=%E6%B5%B7"}]


def test_htmx_gets_the_results_alone(client, titles):
    part = client.get("/search/", {"q": "海"}, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert part["Vary"].startswith("HX-Request")
    gone = client.get("/search/", {"q": "没有"}, headers={"HX-Request": "true"})
    assert gone["HX-Redirect"] == "/search/?q=%E6%B2%A1%E6%9C%89"  # a whole page has no place among the results
    assert gone.content == b""
