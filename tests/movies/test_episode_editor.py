"""The episodes of a title are renumbered and named, a page at a time."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.movies.models import Episode, Kind
from tests.factories import make_movie, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def curator(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def series(count: int):
    movie = make_movie(kind=Kind.SERIES)
    Episode.objects.bulk_create(Episode(movie=movie, number=n, title=f"集{n}") for n in range(1, count + 1))
    return movie, reverse("admin:movies_movie_episodes", args=[movie.pk])


def save(client, address, movie, numbers: dict[int, object], **more):
    """Post the first page with other numbers, said by the old ones."""
    rows = list(movie.episodes.all()[:50])
    data = {"episode": [e.pk for e in rows], **more}
    for e in rows:
        data |= {f"number-{e.pk}": numbers.get(e.number, e.number), f"title-{e.pk}": e.title}
    return client.post(address, data)


def titles(movie) -> list[tuple[int, str]]:
    return list(movie.episodes.values_list("number", "title"))


def test_two_numbers_are_swapped_in_one_save(curator):
    movie, address = series(3)
    assert save(curator, address, movie, {1: 2, 2: 1}).status_code == 302
    assert titles(movie) == [(1, "集2"), (2, "集1"), (3, "集3")]


def test_an_episode_is_inserted_across_pages_where_the_others_may_make_room(curator):
    movie, address = series(120)
    refused = save(curator, address, movie, {3: 100})
    assert refused.status_code == 400
    assert 'value="100"' in refused.content.decode()
    assert titles(movie)[2] == (3, "集3")
    assert save(curator, address, movie, {3: 100}, make_room="on").status_code == 302
    found = dict(titles(movie))
    assert (found[100], found[101], found[121], found.get(3)) == ("集3", "集100", "集120", None)


def test_a_number_given_twice_or_wrong_is_said_beside_it(curator):
    movie, address = series(3)
    for wrong in (2, "0", "x", "", "²", "10000"):
        answer = save(curator, address, movie, {1: wrong})
        assert answer.status_code == 400
        assert "is-clash" in answer.content.decode()
    assert [n for n, _ in titles(movie)] == [1, 2, 3]


def test_a_title_of_500_episodes_is_shown_and_saved_in_few_queries(curator, django_assert_max_num_queries):
    movie, address = series(500)
    change = reverse("admin:movies_movie_change", args=[movie.pk])
    with django_assert_max_num_queries(20):
        assert curator.get(change).status_code == 200
    with django_assert_max_num_queries(20):
        assert curator.get(address).status_code == 200
    with django_assert_max_num_queries(25):
        assert save(curator, address, movie, {1: 2, 2: 1}).status_code == 302
    form = {
        "title": "新名", "kind": "series", "category": movie.category_id, "access": "free", "price": "10.00",
        "member_price": "5.00", "episodes_planned": 500, "credits-TOTAL_FORMS": 0, "credits-INITIAL_FORMS": 0,
        "materials-TOTAL_FORMS": 0, "materials-INITIAL_FORMS": 0,
    }  # fmt: skip
    assert curator.post(change, form).status_code == 302
    movie.refresh_from_db()
    assert (movie.title, movie.episodes.count()) == ("新名", 500)


def test_episodes_are_found_by_number_and_title(curator):
    _movie, address = series(60)
    assert [e.number for e in curator.get(address, {"q": "57"}).context["rows"]] == [57]
    assert next(e.number for e in curator.get(address, {"page": 2}).context["rows"]) == 51
    assert not curator.get(address, {"q": "没有"}).context["rows"]


def test_who_may_not_change_titles_may_not_renumber(client):
    movie, address = series(2)
    client.force_login(make_user(is_staff=True))
    assert client.get(address).status_code == 403
    assert save(client, address, movie, {1: 2, 2: 1}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_an_episode_of_many_gets_a_file_on_its_own_page(curator):
    movie, _ = series(2)
    episode = movie.episodes.first()
    address = reverse("admin:movies_episode_change", args=[episode.pk])
    form = {
        "movie": movie.pk, "number": 1, "title": "甲", "upload": SimpleUploadedFile("片段.mp4", b"film"),
        "chapters-TOTAL_FORMS": 0, "chapters-INITIAL_FORMS": 0,
    }  # fmt: skip
    assert curator.post(address, form | {"number": 2}).status_code == 200  # taken: said in the form
    form["upload"] = SimpleUploadedFile("片段.mp4", b"film")
    assert curator.post(address, form).status_code == 302
    episode.refresh_from_db()
    assert episode.video.original_name == "片段.mp4"
