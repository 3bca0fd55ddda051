"""Publishing, adding files, what a finished video changes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module

import pytest
from celery import current_app
from django.apps import apps
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.media.failures import REASONS
from apps.media.models import State, Video
from apps.movies import services
from apps.movies.models import Category, Genre, Movie, Status
from tests.factories import make_category, make_episode, make_movie, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "片.mp4"
    path.write_bytes(b"not really a film")
    return path


@pytest.fixture
def run_tasks() -> Iterator[None]:
    """Tasks run as they are sent, in this process."""
    before = {name: getattr(current_app.conf, name) for name in ("task_always_eager", "task_eager_propagates")}
    current_app.conf.update(dict.fromkeys(before, True))
    yield
    current_app.conf.update(before)


def add(film, *options: str) -> dict:
    out = io.StringIO()
    call_command("add_video", str(film), "--title", "山海", *options, stdout=out)
    return json.loads(out.getvalue())


def test_publishing_again_keeps_the_first_date():
    once = timezone.now() - timedelta(days=40)
    fresh, old = make_movie(status=Status.DRAFT, published_at=None), make_movie(status="withdrawn", published_at=once)
    gone = make_movie(status=Status.DRAFT, published_at=None, deleted_at=timezone.now())
    for movie in (fresh, old, gone):
        make_episode(movie=movie)
    assert services.publish(movies=[fresh, old, gone]) == 2
    assert services.publish(movies=[fresh, old]) == 0
    fresh.refresh_from_db()
    old.refresh_from_db()
    assert fresh.published_at > once
    assert old.published_at == once
    assert not Movie.objects.published().filter(pk=gone.pk).exists()


def test_a_deleted_title_comes_back_as_it_was():
    movie = make_episode().movie
    assert services.hide(movies=[movie]) == 1
    assert services.hide(movies=[movie]) == 0
    assert not Movie.objects.published().exists()
    assert movie.episodes.count() == 1
    assert services.restore(movies=[movie]) == 1
    assert Movie.objects.published().get() == movie


def test_the_command_adds_a_film_and_prints_one_object(film, settings):
    make_category("film")
    answer = add(film, "--access", "vip")
    movie = Movie.objects.get()
    episode = movie.episodes.get()
    assert answer == {
        "movie": movie.pk, "episode": 1, "video": episode.video_id, "state": "uploaded",
        "url": f"{settings.SITE_URL}/single/{movie.pk}/1/",
    }  # fmt: skip
    assert (movie.kind, movie.access, movie.status) == ("film", "vip", Status.WAITING)
    assert episode.video.preview_seconds == settings.PREVIEW_SECONDS
    assert film.exists()
    assert add(film)["movie"] != movie.pk


def test_a_series_gets_its_next_episode_and_no_number_twice(film):
    first = add(film, "--kind", "series", "--draft")
    second = add(film, "--kind", "series")
    assert (second["movie"], second["episode"]) == (first["movie"], 2)
    assert add(film, "--kind", "series", "--episode", "9")["episode"] == 9
    movie = Movie.objects.get()
    assert (movie.status, movie.published_at, movie.episodes_planned) == (Status.DRAFT, None, 9)
    for number in ("2", "0", "-1"):
        with pytest.raises(CommandError):
            add(film, "--kind", "series", "--episode", number)
    assert Video.objects.count() == 1  # one content, one file


def test_the_command_says_what_is_wrong(film, tmp_path):
    make_category("film")
    with pytest.raises(CommandError, match="no file"):
        add(tmp_path / "none.mp4")
    with pytest.raises(CommandError, match="There are: film"):
        add(film, "--category", "nothing")
    assert not Movie.objects.exists()


def test_the_first_title_of_all_makes_its_category(film):
    add(film)
    assert Category.objects.get().slug == "film"


@pytest.mark.django_db(transaction=True)
def test_waiting_for_what_is_no_film_ends_with_the_reason(film, run_tasks, capsys):
    with pytest.raises(SystemExit):
        call_command("add_video", str(film), "--title", "坏", "--wait")
    answer = json.loads(capsys.readouterr().out)
    assert answer["state"] == State.FAILED
    assert answer["failure"] == str(REASONS["not_a_video"])


def test_a_ready_video_is_counted_in():
    movie = make_movie(kind="series")
    second = make_episode(movie=movie, number=2, duration=50)
    waiting = make_episode(movie=movie, number=1)
    Video.objects.filter(pk=waiting.video_id).update(ready_at=None, state=State.PROCESSING)
    services.video_ready(video_id=second.video_id)
    movie.refresh_from_db()
    assert (movie.episodes_out, movie.duration) == (1, 50)
    Video.objects.filter(pk=waiting.video_id).update(ready_at=timezone.now(), duration=70)
    services.video_ready(video_id=waiting.video_id)
    movie.refresh_from_db()
    assert (movie.episodes_out, movie.duration) == (2, 70)


def test_the_card_line_follows_the_genres():
    movie = make_movie()
    movie.genres.add(Genre.objects.create(name="科幻", name_en="Science fiction"), Genre.objects.create(name="悬疑"))
    services.refresh_movie(movie_id=movie.pk)
    movie.refresh_from_db()
    assert movie.genre_line == "科幻 · 悬疑"
    assert movie.genre_line_en == "Science fiction · 悬疑"  # a name without a translation stays as it is


def test_the_card_lines_of_many_movies_are_written_together(django_assert_max_num_queries):
    movies = [make_movie(genre_line="旧") for _ in range(30)]
    movies[-1].genres.add(Genre.objects.create(name="悬疑", name_en="Mystery"))
    with django_assert_max_num_queries(5):  # their names; a transaction with the lines and the task for search
        services.refresh_genre_lines(movie_ids=[m.pk for m in movies])
    assert list(Movie.objects.exclude(genre_line="").values_list("genre_line", "genre_line_en")) == [
        ("悬疑", "Mystery")
    ]


def test_the_lines_of_earlier_titles_get_their_english():
    Genre.objects.create(name="科幻", name_en="Science fiction")
    movies = [make_movie(genre_line=line) for line in ("悬疑 · 科幻", "科幻", "")]
    import_module("apps.movies.migrations.0004_genre_lines").write_english_lines(apps, None)
    lines = [Movie.objects.get(pk=m.pk).genre_line_en for m in movies]
    assert lines == ["悬疑 · Science fiction", "Science fiction", ""]


def test_rich_text_keeps_its_form_and_loses_what_runs():
    dirty = '<h2>一</h2><a href="javascript:x()">二</a><img src=x onerror=y()><iframe src="//z"></iframe><p>三</p>'
    clean = services.clean_content(dirty)
    assert "<h2>一</h2>" in clean
    assert "<p>三</p>" in clean
    for bad in ("javascript", "onerror", "iframe"):
        assert bad not in clean


def test_access_that_changes_reaches_the_previews(settings):
    movie = make_movie(access="free")
    make_episode(movie=movie)
    movie.access, movie.preview_seconds = "vip", 8
    movie.save()
    services.access_changed(movie=movie)
    assert Video.objects.get().preview_seconds == 8
    assert make_video().preview_seconds == 0


def test_titles_that_share_a_file_show_the_shortest_of_their_previews(film, settings):
    add(film, "--access", "vip")
    assert Video.objects.get().preview_seconds == settings.PREVIEW_SECONDS
    add(film)
    assert Video.objects.get().preview_seconds == settings.PREVIEW_SECONDS
    short = make_movie(access="vip", preview_seconds=30)
    services.attach_video(episode=short.episodes.create(), path=film, original_name="again.mp4")
    assert Video.objects.get().preview_seconds == 30
