"""Filters with counts: what the facet index finds, when it is built, and what it costs."""

from __future__ import annotations

import random
from datetime import timedelta
from importlib import import_module

import pytest
from django.utils import timezone

from apps.movies import services
from apps.movies.models import Genre, Language, Movie, Region, Schedule, StoredFacets, Tag
from tests.factories import make_category, make_movie
from utils.cache import invalidate_pages

module = import_module("apps.movies.services.facets")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_held(monkeypatch):
    monkeypatch.setattr(module, "_held", None)
    monkeypatch.setattr(module, "_checked", 0.0)


def _choices(page, name: str) -> dict[str, int]:
    facet = next((facet for facet in page.context["facets"] if facet["name"] == name), {"choices": []})
    return {choice["label"]: choice["count"] for choice in facet["choices"]}


def _fill(size: int) -> None:
    rng = random.Random(size)
    labels = {
        model: [model.objects.create(name=f"{model.__name__}{n}") for n in range(5)]
        for model in (Genre, Tag, Language, Region)
    }
    for n in range(size):
        movie = make_movie(
            kind=rng.choice(["film", "series", "variety", "course"]), category=make_category(f"c{n % 3}"),
            year=rng.choice([None, 2020, 2021, 2022]), access=rng.choice(["free", "vip", "paid"]),
            region=rng.choice([None, *labels[Region]]), episodes_planned=3, episodes_out=rng.choice([1, 3]),
            plays_week=rng.randrange(9), score=rng.randrange(10),
        )  # fmt: skip
        movie.genres.set(rng.sample(labels[Genre], 2))
        movie.tags.set(rng.sample(labels[Tag], 2))
        movie.languages.set(rng.sample(labels[Language], 1))


FIELDS = {"kind": "kind", "genre": "genres", "region": "region", "year": "year", "access": "access", "tag": "tags",
          "language": "languages", "category": "category"}  # fmt: skip


def test_any_filters_are_combined_and_counted_as_the_database_does():
    _fill(60)
    index = services.facet_index()
    rng = random.Random(1)
    for _ in range(60):
        names = rng.sample(sorted(FIELDS), rng.randrange(4))
        chosen = {name: rng.choice(sorted(index.facets[name])) for name in names}
        rows = Movie.objects.published().filter(**{FIELDS[name]: value for name, value in chosen.items()})
        for order, field in (("heat", "-plays_week"), ("date", "-published_at"), ("score", "-score")):
            wanted = list(rows.order_by(field, "-pk").values_list("pk", flat=True))
            bits = index.matching(chosen)
            assert bits.bit_count() == len(wanted)
            assert index.page(bits, order, 0, 100) == wanted
            assert index.page(bits, order, 3, 5) == wanted[3:5]
        for facet in FIELDS:
            others = {name: value for name, value in chosen.items() if name != facet}
            for key, count in index.counts(chosen, [facet])[facet].items():
                assert count == index.matching({**others, facet: key}).bit_count()


def test_what_is_stored_is_what_was_built():
    _fill(30)
    now = timezone.now()
    assert services.refresh_facet_index(at=now)
    built, loaded = services.facet_index(), module._load(None)
    assert (loaded.ids, loaded.orders, loaded.facets) == (built.ids, built.orders, built.facets)
    assert loaded.version == built.version
    assert module._load(loaded) is None  # nothing newer


def test_it_is_stored_again_when_something_changed_and_not_too_often(django_capture_on_commit_callbacks):
    make_movie()
    now = timezone.now()
    assert services.refresh_facet_index(at=now)
    assert not services.refresh_facet_index(at=now + timedelta(minutes=5))
    assert services.refresh_facet_index(at=now + timedelta(minutes=11))  # plays go on
    with django_capture_on_commit_callbacks(execute=True):
        invalidate_pages()
    StoredFacets.objects.update(seconds=2)
    assert not services.refresh_facet_index(at=now + timedelta(minutes=11, seconds=39))
    assert services.refresh_facet_index(at=now + timedelta(minutes=11, seconds=41))
    assert StoredFacets.objects.count() == 1


def test_a_large_catalogue_is_shown_as_stored_until_the_next_is_there(
    client, monkeypatch, django_assert_num_queries, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(module, "QUICK", -1)
    first = make_movie(title="先")
    services.refresh_facet_index(at=timezone.now())
    assert "先" in client.get("/comedy/all/1/").text
    make_movie(title="后")
    with django_capture_on_commit_callbacks(execute=True):
        services.withdraw(movies=[first])
    text = client.get("/comedy/all/1/").text
    assert "后" not in text
    assert "先" not in text  # whatever the index says
    services.refresh_facet_index(at=timezone.now() + timedelta(minutes=1))
    monkeypatch.setattr(module, "_checked", 0.0)
    assert "后" in client.get("/comedy/all/1/?sort=date").text  # the other page is kept for some seconds more
    with django_assert_num_queries(0):
        services.facet_index()


def test_counts_say_what_a_value_would_show(client):
    drama, comedy = (Genre.objects.create(name=name) for name in ("剧情", "喜剧"))
    tag = Tag.objects.create(name="穿越")
    Tag.objects.create(name="没有影片")
    languages = [Language.objects.create(name=name) for name in ("汉语普通话", "粤语")]
    series = {"kind": "series", "episodes_planned": 9, "episodes_out": 3}
    for n, fields in enumerate([series, {**series, "episodes_out": 9}, {}, {"status": "draft"}]):
        movie = make_movie(**fields)
        movie.genres.set([drama, *([comedy] if n == 0 else [])])
        movie.languages.set(languages[: 1 + n % 2])
        movie.tags.set([tag] if n else [])
    page = client.get("/comedy/all/1/", headers={"Accept-Language": "en"})
    assert _choices(page, "genre") == {"剧情": 3, "喜剧": 1}
    assert _choices(page, "run") == {"Ongoing": 1, "Completed": 1}
    assert _choices(page, "language") == {"汉语普通话": 3, "粤语": 1}
    page = client.get(f"/comedy/all/1/?genre={comedy.pk}", headers={"Accept-Language": "en"})
    assert _choices(page, "genre") == {"剧情": 3, "喜剧": 1}  # its own row says what the others have
    assert _choices(page, "run") == {}  # nothing left to choose
    assert page.context["result_count"] == 1
    page = client.get(f"/comedy/all/1/?tag={tag.pk}&run=complete", headers={"Accept-Language": "en"})
    assert [movie.kind for movie in page.context["movie_page"]] == ["series"]
    assert [one["label"] for one in page.context["chosen"]] == ["Completed", "穿越"]


def test_a_schedule_decides_whether_a_title_is_complete():
    today = timezone.localdate()
    movie = make_movie(kind="series", episodes_planned=3, episodes_out=3)
    assert movie.run == "complete"
    schedule = Schedule.objects.create(movie=movie, weekdays=1, time="20:00", starts_on=today)
    services.refresh_schedule(movie_id=movie.pk)
    movie.refresh_from_db()
    assert movie.run == "updating"
    Schedule.objects.filter(pk=schedule.pk).update(finished=True)
    services.refresh_schedule(movie_id=movie.pk)
    movie.refresh_from_db()
    assert movie.run == "complete"
    schedule.delete()
    services.refresh_schedule(movie_id=movie.pk)
    movie.refresh_from_db()
    assert movie.schedule_finished is None


def test_unknown_and_hostile_values_change_nothing(client):
    make_movie(year=2020)
    plain = client.get("/comedy/all/1/").context
    for query in ("genre=999", "year=abc", "tag=%00", "run=nonsense", "kind=", "language=1;DROP", "genre=1&genre=2"):
        page = client.get(f"/comedy/all/1/?{query}")
        assert page.status_code == 200
        assert page.context["result_count"] == plain["result_count"]
        assert page.context["chosen"] == []


def test_a_genre_has_a_page(client):
    genre = Genre.objects.create(
        name="科幻", name_en="Science fiction", slug="sci-fi", about="星辰大海。", about_en="Stars."
    )
    other = Genre.objects.create(name="悬疑")
    empty = Genre.objects.create(name="空", slug="empty")
    for category in ("film", "series"):
        movie = make_movie(title=f"题{category}", category=make_category(category))
        movie.genres.set([genre, other])
    make_movie(title="草稿", status="draft").genres.set([genre, empty])
    page = client.get("/genre/sci-fi/")
    assert "星辰大海。" in page.text
    assert "草稿" not in page.text
    assert {movie.title for movie in page.context["movie_page"]} == {"题film", "题series"}
    assert [choice["count"] for choice in page.context["channels"]["choices"]] == [1, 1]
    assert f'href="/genre/{other.pk}/"' in page.text
    assert "Stars." in client.get("/genre/sci-fi/", headers={"Accept-Language": "en"}).text
    category = page.context["channels"]["choices"][0]["url"]
    assert [movie.title for movie in client.get(category).context["movie_page"]] == ["题film"]
    assert client.get(f"/genre/{genre.pk}/").headers["Location"] == "/genre/sci-fi/"
    for address in ("/genre/empty/", "/genre/none/", "/genre/999/", f"/genre/{'9' * 40}/"):
        assert client.get(address).status_code == 404, address
