"""Search: what is found, in which order, and what is suggested."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.movies.models import Credit, Person
from tests.factories import make_movie

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("live_index")]


def _titles(client, **query):
    return [m.title for m in client.get("/search/", query).context["movie_page"]]


def _suggested(client, text):
    answer = client.get("/search/suggest/", {"q": text}).json()
    assert answer["res"] == 0
    return answer["suggestions"]


def test_the_exact_title_stands_before_a_beginning_a_part_and_an_alias(client):
    for title, fields in (
        ("归途", {"aliases": "海上\n大海"}),
        ("深海回声", {"plays": 9}),
        ("海岸线", {}),
        ("海", {}),
    ):
        make_movie(title=title, **fields)
    assert _titles(client, q=" 海 ") == ["海", "海岸线", "深海回声", "归途"]


def test_people_are_found_by_either_name_and_give_a_title_once(client):
    movie = make_movie(title="潮汐之下", original_title="Beneath the Tide")
    person = Person.objects.create(name="林默", original_name="Lin Mo")
    for role in ("director", "cast"):
        Credit.objects.create(movie=movie, person=person, role=role)
    for text in ("林默", "lin mo", "beneath"):
        assert _titles(client, q=text) == ["潮汐之下"]


@pytest.mark.parametrize("text", ["", "  ", "\x00", "%", "_", "'", '" OR 1=1 --', "好" * 500, "\\"])
def test_odd_queries_find_nothing_and_break_nothing(client, text):
    make_movie(title="海")
    assert _titles(client, q=text) == []
    assert _suggested(client, text) == []


def test_pages_are_numbered_and_keep_the_query(client):
    for number in range(30):
        make_movie(title=f"海与 {number}")
    first = client.get("/search/", {"q": "海与 "})
    assert len(first.context["movie_page"]) == 24
    assert 'href="/search/?q=%E6%B5%B7%E4%B8%8E&amp;page=2"' in first.content.decode()
    assert len(_titles(client, q="海", page="2")) == 6
    assert len(_titles(client, q="海", page="99")) == 6
    assert len(_titles(client, q="海", page="x")) == 24


@pytest.mark.parametrize("size", [3, 40])
def test_the_page_takes_as_many_queries_whatever_it_finds(client, size):
    for number in range(size):
        make_movie(title=f"海{number}")
    client.get("/search/", {"q": "海"})  # what a process reads once
    with CaptureQueriesContext(connection) as queries:
        client.get("/search/", {"q": "海"})
    of_the_page = [query for query in queries if "fulltext_index" not in query["sql"]]  # asked once a second
    # four of the index; which titles are listed, slugs, cards, people, summaries, categories
    assert len(of_the_page) == 10


def test_suggestions_are_titles_and_people_to_open(client):
    movie = make_movie(title="林间", year=2019)
    mo = Person.objects.create(name="林默")
    Credit.objects.create(movie=movie, person=mo, role="cast")
    Person.objects.create(name="林无名")
    title, person = _suggested(client, "林")
    assert title == {
        "source": "title", "text": "林间", "parts": [["林", True], ["间", False]], "url": f"/single/{movie.pk}/1/",
        "movie": movie.pk, "line": "2019 · 电影",
    }  # fmt: skip
    assert (person["source"], person["text"], person["url"]) == ("person", "林默", f"/person/{mo.pk}/")


def test_nothing_of_an_unpublished_title_is_suggested(client):
    for fields in ({"status": "draft"}, {"status": "withdrawn"}, {"deleted_at": timezone.now()}):
        movie = make_movie(title="秘密", **fields)
        Credit.objects.create(movie=movie, person=Person.objects.create(name="秘客"), role="cast")
    assert _suggested(client, "秘") == []
    assert _titles(client, q="秘") == []


def test_suggested_titles_are_six_at_most(client):
    for number in range(12):
        make_movie(title=f"海{number}")
    assert len(_suggested(client, "海")) == 6


def test_invisible_characters_of_a_paste_do_not_hide_a_title(client):
    make_movie(title="星河")
    assert _titles(client, q="\u200b星\u3164河\ufeff") == ["星河"]
    assert _titles(client, q="\u3164\u200b") == []
    assert [found["text"] for found in _suggested(client, "星\u2060")] == ["星河"]


def test_a_corrected_query_can_be_searched_as_it_was_typed(client):
    for title in ("无间道", "无间风云", "草稿间道"):
        make_movie(title=title, status="draft" if title.startswith("草稿") else "published")
    page = client.get("/search/", {"q": "无间到", "kind": "film"})
    assert [m.title for m in page.context["movie_page"]] == ["无间道"]
    assert 'href="/search/?q=%E6%97%A0%E9%97%B4%E5%88%B0&amp;kind=film&amp;exact=1">仅搜索“无间到”</a>' in page.text
    exact = client.get("/search/", {"q": "无间到", "exact": "1"})
    assert list(exact.context["movie_page"]) == []
    assert [m.title for m in exact.context["near"]] == ["无间道", "无间风云"]


def test_where_nothing_is_found_similar_names_and_hot_titles_are_shown(client):
    for title in ("长安十二时辰", "长安二十四计", "海"):
        make_movie(title=title, plays_week=5)
    page = client.get("/search/", {"q": "长安十三诡事录"})
    assert [m.title for m in page.context["near"]] == ["长安十二时辰", "长安二十四计"]
    assert len(page.context["popular"]) == 3
    for text in ("zzzzzz", "😀", "!", "龘" * 300):
        assert client.get("/search/", {"q": text}).context["near"] == []
