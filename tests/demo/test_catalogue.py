"""`manage.py demo` fills an empty site, once."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone
from PIL import Image

from apps.community.models import Comment
from apps.media.models import State, Subtitle, Video
from apps.movies import services as movie_services
from apps.movies.models import Access, Audience, Banner, Episode, Kind, Movie, Person, PlayDay
from apps.users.models import User
from deploy.demo import footage, music
from deploy.demo.catalogue import GENRES, LANGUAGES, MEMBERS, PEOPLE, REGIONS, SHELVES, SMALL, TAGS, TITLES
from deploy.demo.scenery import SCENES
from utils.storages import videos


def demo(**options: object) -> str:
    said = io.StringIO()
    call_command("demo", small=True, stdout=said, **options)
    return said.getvalue()


def _anybody() -> Audience:
    return Audience(AnonymousUser(), timezone.now())


def counts() -> list[int]:
    return [model.objects.count() for model in (Movie, Episode, Banner, Comment, PlayDay, User, Video, Subtitle)]


@pytest.fixture
def pictures(settings, tmp_path, transactional_db) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_every_kind_and_every_access_is_there():
    assert len(TITLES) >= 18
    assert {title.kind for title in TITLES} == set(Kind.values)
    assert {title.access for title in TITLES} == set(Access.values)
    assert any(title.planned > len(title.parts) for title in TITLES)
    assert sum(bool(title.banner) for title in TITLES) >= 5


@pytest.mark.parametrize("title", TITLES, ids=lambda title: title.key)
def test_a_title_names_only_what_exists(title):
    assert title.scene in SCENES
    assert title.mood in music.MOODS
    assert title.category in {slug for slug, _, _ in SHELVES}
    assert title.region in REGIONS
    assert set(title.genres) <= set(GENRES)
    assert set(title.languages) <= set(LANGUAGES)
    assert set(title.tags) <= set(TAGS)
    assert title.tags
    assert {name for _, name, _ in title.people} <= set(PEOPLE)
    assert len(title.comments) <= len(MEMBERS)
    assert len(title.title) <= 120
    assert len(title.original) <= 120
    assert len(title.tagline) <= 60
    for part in title.parts:
        assert all(start < end <= part.seconds for start, end, _, _ in part.lines)
        assert part.outro is None or part.outro < part.seconds


def test_titles_are_told_apart_by_their_original_titles():
    assert len({title.original for title in TITLES}) == len(TITLES)


@pytest.mark.slow
def test_it_fills_the_shelves_without_films_once_and_with_members_who_cannot_sign_in(pictures):
    demo(no_videos=True)

    movies = Movie.objects.published()
    assert movies.count() == len(SMALL)
    assert Video.objects.count() == 0
    for movie in movies:
        assert movie.published_at
        assert movie.score > Decimal(0)
        assert movie.comments_count == movie.comments.count()
        assert movie.plays_week > 0
        for field, ratio in ((movie.poster, 2 / 3), (movie.backdrop, 16 / 9)):
            with Image.open(field.open("rb")) as picture:
                assert picture.width / picture.height == pytest.approx(ratio, rel=0.01)
        for made in (movie.poster_set, movie.backdrop_set):
            assert default_storage.exists(f"{made['base']}-{made['widths'][0]}.avif")
    for person in Person.objects.all():
        assert person.about
        assert default_storage.exists(f"{person.portrait_set['base']}-{person.portrait_set['widths'][0]}.avif")
    assert any(title.days and title.key in SMALL for title in TITLES)
    assert [day for of in movie_services.week(audience=_anybody(), offset=0, shown=9) for day in of.rows]
    course = movies.get(kind=Kind.COURSE)
    assert "<h3>" in course.content
    material = course.materials.get().file
    assert material.storage.exists(material.name)
    assert not default_storage.exists(material.name)

    assert User.objects.count() == len(MEMBERS)
    assert not any(user.has_usable_password() for user in User.objects.all())

    before, stamps = counts(), list(Movie.objects.values_list("updated_at", "poster", "title"))
    demo(no_videos=True)
    assert counts() == before
    assert list(Movie.objects.values_list("updated_at", "poster", "title")) == stamps


@pytest.mark.slow
def test_an_interrupted_run_is_completed_and_what_a_curator_changed_is_left_alone(pictures):
    """Two tests of one catalogue: painting it takes most of the time."""
    demo(no_videos=True)
    movie = Movie.objects.order_by("pk").last()
    Movie.objects.filter(pk=movie.pk).update(poster="", poster_set={}, backdrop="", backdrop_set={})
    Movie.objects.order_by("pk").first().banners.all().delete()
    Movie.objects.order_by("pk").first().delete()

    demo(no_videos=True)

    assert Movie.objects.count() == len(SMALL)
    assert not Movie.objects.filter(poster_set={}).exists()
    assert not Movie.objects.filter(backdrop_set={}).exists()

    first, second, _ = Movie.objects.order_by("pk")
    Movie.objects.filter(pk=first.pk).update(deleted_at=first.created_at)
    Movie.objects.filter(pk=second.pk).update(title="别的名字")

    demo(no_videos=True)

    assert Movie.objects.count() == len(SMALL)
    assert Movie.objects.get(pk=first.pk).deleted_at
    assert Movie.objects.get(pk=second.pk).title == "别的名字"


@pytest.mark.slow
def test_the_films_go_through_the_pipeline(pictures, run_tasks):
    demo()

    episodes = Episode.objects.select_related("video")
    assert episodes.count() == sum(len(title.parts) for title in TITLES if title.key in SMALL)
    for episode in episodes:
        assert episode.video.state == State.READY, episode.video.failure_detail
        assert episode.video.duration == pytest.approx(footage.SMALL_SECONDS, abs=0.3)
        assert episode.video.has_audio
    spoken = Subtitle.objects.filter(video__original_name="tide-01.mp4")
    assert {subtitle.language for subtitle in spoken} == {"zh-Hans", "en"}
    with videos().open(spoken.first().file) as file:
        assert file.read().startswith(b"WEBVTT\n\n00:01.000 --> ")
    before = counts()

    demo()

    assert counts() == before
