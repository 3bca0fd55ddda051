"""The episodes of a title are renumbered and named, a page at a time."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.movies.models import Credit, Episode, Kind, Material, Movie, Person
from tests.factories import make_category, make_movie, make_user
from tests.pageforms import forms_of

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
    with django_assert_max_num_queries(32):
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


def test_renumbering_takes_the_right_to_change_titles(client):
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


def opened(client, address) -> dict[str, Any]:
    """The page as a browser holds it open."""
    return next(
        f for f in forms_of(client.get(address).content.decode()) if f.method == "post" and "episode" in f.fields
    ).fields


def test_what_two_people_change_apart_is_kept_and_told(curator):
    movie, address = series(4)
    one, two, three, four = movie.episodes.order_by("number")
    mine, theirs = opened(curator, address), opened(curator, address)
    assert curator.post(address, theirs | {f"title-{two.pk}": "他们的", f"number-{four.pk}": "9"}).status_code == 302
    three.delete()
    page = curator.post(address, mine | {f"title-{one.pk}": "我的"}, follow=True)
    assert titles(movie) == [(1, "我的"), (2, "他们的"), (9, "集4")]
    said = page.content.decode()
    for told in ("“他们的”", "原第 4 集现为第 9 集", "第 3 集“集3”已被删除"):
        assert told in said, told


@pytest.mark.parametrize(("field", "theirs", "mine"), [("title", "他们的", "我的"), ("number", "8", "9")])
def test_what_two_people_change_alike_is_decided_by_the_second(curator, field, theirs, mine):
    movie, address = series(2)
    episode = movie.episodes.get(number=1)
    first, second = opened(curator, address), opened(curator, address)
    assert curator.post(address, first | {f"{field}-{episode.pk}": theirs}).status_code == 302
    answer = curator.post(address, second | {f"{field}-{episode.pk}": mine})
    assert answer.status_code == 400
    assert theirs in answer.context["rows"][0].error + answer.context["rows"][-1].error
    episode.refresh_from_db()
    assert str(getattr(episode, field)) == theirs
    again = next(f for f in forms_of(answer.content.decode()) if "episode" in f.fields).fields
    assert again[f"{field}-{episode.pk}"] == [mine]
    assert curator.post(address, again).status_code == 302
    episode.refresh_from_db()
    assert str(getattr(episode, field)) == mine


def test_the_highest_numbers_are_swapped_and_none_is_higher(curator):
    movie, address = series(2)
    movie.episodes.filter(number=2).update(number=9999)
    assert save(curator, address, movie, {1: 9999, 9999: 1}).status_code == 302
    assert titles(movie) == [(1, "集2"), (9999, "集1")]
    assert save(curator, address, movie, {1: 9999}, make_room="on").status_code == 400  # there is no room behind it
    for number in (0, 10_000, 46_000, 65_535):
        with pytest.raises(IntegrityError), transaction.atomic():
            Episode.objects.create(movie=movie, number=number)


def test_a_new_title_with_as_many_episodes_as_its_page_offers_is_saved(curator):
    address = reverse("admin:movies_movie_add")
    form = next(f for f in forms_of(curator.get(address).content.decode()) if f.id == "movie_form")
    most = {of: int(form.fields[f"{of}-MAX_NUM_FORMS"][0]) for of in ("episodes", "credits", "materials")}
    rows = {n: v for n, v in form.fields.items() if "__prefix__" in n}
    fields: dict[str, Any] = {n: v for n, v in form.fields.items() if "__prefix__" not in n} | {
        "title": "新剧",
        "kind": "series",
    }
    fields["category"] = make_category().pk
    people = [Person.objects.create(name=f"人{n}") for n in range(most["credits"])]
    for of, count in most.items():
        fields[f"{of}-TOTAL_FORMS"] = count
        for n in range(count):
            fields |= {name.replace("__prefix__", str(n)): v for name, v in rows.items() if name.startswith(of)}
    for n in range(most["episodes"]):
        fields |= {f"episodes-{n}-number": n + 1, f"episodes-{n}-title": f"集{n + 1}"}
    for n, person in enumerate(people):
        fields |= {f"credits-{n}-person": person.pk, f"credits-{n}-role": "cast"}
    assert curator.post(address, fields).status_code == 302
    assert Movie.objects.get(title="新剧").episodes.count() == most["episodes"]


@pytest.mark.parametrize("of", ["credits", "materials"])
def test_a_title_with_500_people_or_files_is_saved_page_by_page(curator, of, django_assert_max_num_queries):
    movie, _address = series(3)
    people = Person.objects.bulk_create(Person(name=f"人{n}") for n in range(500))
    Credit.objects.bulk_create(Credit(movie=movie, person=p, role="cast", order=n) for n, p in enumerate(people))
    Material.objects.bulk_create(Material(movie=movie, title=f"讲义{n}", file="x.pdf") for n in range(500))
    address = reverse("admin:movies_movie_change", args=[movie.pk]) + f"?{of}-page=3"
    with django_assert_max_num_queries(25):
        page = curator.get(address)
    form = next(f for f in forms_of(page.content.decode()) if f.id == "movie_form")
    fields = {n: v for n, v in form.fields.items() if "__prefix__" not in n}
    name = {"credits": "credits-0-character", "materials": "materials-0-title"}[of]
    with django_assert_max_num_queries(220):  # three for each row of the page: whether it is, and is one of its kind
        assert curator.post(address, fields | {name: "改过的"}).status_code == 302
    changed = {
        "credits": movie.credits.filter(character="改过的"),
        "materials": movie.materials.filter(title="改过的"),
    }[of]
    assert [row.pk for row in changed] == [int(fields[f"{of}-0-id"][0])]
    assert (movie.credits.count(), movie.materials.count()) == (500, 500)
