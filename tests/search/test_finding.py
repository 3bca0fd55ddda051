"""Search: what is found, in which order, and what is suggested."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.movies.models import Credit, Person
from tests.factories import make_movie

pytestmark = pytest.mark.django_db


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
def test_the_page_takes_five_queries(client, django_assert_max_num_queries, size):
    for number in range(size):
        make_movie(title=f"海{number}")
    with django_assert_max_num_queries(5):
        client.get("/search/", {"q": "海"})
    with django_assert_max_num_queries(2):
        client.get("/search/suggest/", {"q": "海"})


def test_suggestions_are_titles_to_open_and_people_to_search_for(client):
    movie = make_movie(title="林间")
    Credit.objects.create(movie=movie, person=Person.objects.create(name="林默"), role="cast")
    Person.objects.create(name="林无名")
    assert _suggested(client, "林") == [
        {"text": "林间", "url": f"/single/{movie.pk}/1/"},
        {"text": "林默", "url": "/search/?q=%E6%9E%97%E9%BB%98"},
    ]


def test_nothing_of_an_unpublished_title_is_suggested(client):
    for fields in ({"status": "draft"}, {"status": "withdrawn"}, {"deleted_at": timezone.now()}):
        movie = make_movie(title="秘密", **fields)
        Credit.objects.create(movie=movie, person=Person.objects.create(name="秘客"), role="cast")
    assert _suggested(client, "秘") == []
    assert _titles(client, q="秘") == []


def test_suggestions_are_eight_at_most(client):
    for number in range(12):
        make_movie(title=f"海{number}")
    assert len(_suggested(client, "海")) == 8


def test_invisible_characters_of_a_paste_do_not_hide_a_title(client):
    make_movie(title="星河")
    assert _titles(client, q="\u200b星\u3164河\ufeff") == ["星河"]
    assert _titles(client, q="\u3164\u200b") == []
    assert [found["text"] for found in _suggested(client, "星\u2060")] == ["星河"]
