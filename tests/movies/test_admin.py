"""The administration: every list and form opens, bulk actions, uploads."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from apps.media.models import State, Video
from apps.movies.models import Genre, Movie, Person, Status
from tests.factories import make_category, make_episode, make_movie, make_user, make_video
from utils.storages import videos

pytestmark = pytest.mark.django_db

MODELS = sorted(m._meta.label_lower for m in admin.site._registry)


@pytest.fixture
def curator(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("label", MODELS)
def test_every_list_and_form_opens_in_english(curator, label):
    """In Chinese: test_admin_language.py."""
    episode = make_episode()
    curator.cookies["django_language"] = "en"
    name = label.replace(".", "_")
    page = curator.get(reverse(f"admin:{name}_changelist"))
    assert page.status_code == 200
    shown = next(shown for model, shown in admin.site._registry.items() if model._meta.label_lower == label)
    may_add = shown.has_add_permission(page.wsgi_request)
    assert curator.get(reverse(f"admin:{name}_add")).status_code == (200 if may_add else 403)
    rows = {"movies_movie": episode.movie_id, "movies_episode": episode.pk, "media_video": episode.video_id}
    if name in rows:
        assert curator.get(reverse(f"admin:{name}_change", args=[rows[name]])).status_code == 200


def _act(client, action, *movies, shown=""):
    return client.post(
        reverse("admin:movies_movie_changelist") + shown, {"action": action, "_selected_action": [m.pk for m in movies]}
    )


def test_titles_are_published_withdrawn_hidden_and_brought_back(curator):
    movies = [make_movie(status=Status.DRAFT, published_at=None) for _ in range(3)]
    for movie in movies:
        make_episode(movie=movie)
    _act(curator, "publish_titles", *movies)
    assert Movie.objects.published().count() == 3
    _act(curator, "withdraw_titles", movies[0])
    _act(curator, "hide_titles", movies[1])
    assert [m.pk for m in Movie.objects.published()] == [movies[2].pk]
    _act(curator, "restore_titles", movies[1], shown="?deleted=only")
    assert Movie.objects.count() == 3
    assert Movie.objects.published().count() == 2


def test_cards_follow_a_genre_that_is_renamed_or_deleted(curator):
    movie = make_movie()
    genre = Genre.objects.create(name="科幻")
    movie.genres.set([genre, Genre.objects.create(name="悬疑", name_en="Mystery")])
    change = reverse("admin:movies_genre_change", args=[genre.pk])
    assert curator.post(change, {"name": "幻想", "name_en": "Fantasy"}).status_code == 302
    movie.refresh_from_db()
    assert (movie.genre_line, movie.genre_line_en) == ("幻想 · 悬疑", "Fantasy · Mystery")
    assert curator.post(reverse("admin:movies_genre_delete", args=[genre.pk]), {"post": "yes"}).status_code == 302
    movie.refresh_from_db()
    assert (movie.genre_line, movie.genre_line_en) == ("悬疑", "Mystery")
    rows = {"action": "delete_selected", "_selected_action": [Genre.objects.get().pk], "post": "yes"}
    assert curator.post(reverse("admin:movies_genre_changelist"), rows).status_code == 302
    movie.refresh_from_db()
    assert (movie.genre_line, movie.genre_line_en) == ("", "")


def test_names_are_kept_without_what_cannot_be_seen(curator):
    genre, people = reverse("admin:movies_genre_add"), reverse("admin:movies_person_add")
    assert curator.post(genre, {"name": " 科\u200b幻\u3164", "name_en": "Sci\u00a0 Fi"}).status_code == 302
    assert list(Genre.objects.values_list("name", "name_en")) == [("科幻", "Sci Fi")]
    again = curator.post(genre, {"name": "科幻\u200b", "name_en": ""})  # it only looks new
    assert "name" in again.context["adminform"].form.errors
    nothing = curator.post(genre, {"name": "\u3164", "name_en": ""})
    assert "name" in nothing.context["adminform"].form.errors
    person = {"name": "\u202e李\u202c𠮷", "original_name": "", "about": "第一行\u2066\n第二行"}
    assert curator.post(people, person).status_code == 302
    assert list(Person.objects.values_list("name", "about")) == [("李𠮷", "第一行\n第二行")]


@pytest.mark.django_db(transaction=True)
def test_a_file_uploaded_with_an_episode_becomes_a_video(curator):
    movie = make_movie(category=make_category())
    form = {
        "title": movie.title, "kind": "series", "category": movie.category_id, "access": "vip", "price": "10.00",
        "member_price": "5.00", "episodes_planned": 1, "preview_seconds": "90",
        "episodes-TOTAL_FORMS": 1, "episodes-INITIAL_FORMS": 0, "episodes-0-number": 1, "episodes-0-title": "",
        "episodes-0-upload": SimpleUploadedFile("片段.mp4", b"film"),
        "credits-TOTAL_FORMS": 0, "credits-INITIAL_FORMS": 0, "materials-TOTAL_FORMS": 0, "materials-INITIAL_FORMS": 0,
        "content": '<p onclick="x()">课程<script>alert(1)</script></p>',
    }  # fmt: skip
    answer = curator.post(reverse("admin:movies_movie_change", args=[movie.pk]), form)
    assert answer.status_code == 302, answer.context["errors"]
    video = Video.objects.get()
    assert (video.original_name, video.preview_seconds) == ("片段.mp4", 90)
    assert Path(videos().path(video.original)).read_bytes() == b"film"
    movie.refresh_from_db()
    assert movie.content == "<p>课程</p>"
    assert movie.episodes.get().video == video


def test_a_picture_of_too_many_pixels_is_refused_where_it_is_given(curator):
    made = io.BytesIO()
    Image.new("1", (8000, 8000)).save(made, "PNG")
    form = {
        "movie": make_movie().pk, "order": 0, "starts_at_0": "2026-01-01", "starts_at_1": "00:00",
        "picture": SimpleUploadedFile("大图.png", made.getvalue(), "image/png"),
    }  # fmt: skip
    answer = curator.post(reverse("admin:movies_banner_add"), form)
    assert "图片过大，最多 6000 万像素。" in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "titles"), [("", {"在架"}), ("?deleted=only", {"删除"}), ("?deleted=too", {"在架", "删除"})]
)
def test_deleted_titles_are_shown_on_request(curator, query, titles):
    make_movie(title="在架")
    make_movie(title="删除", deleted_at=timezone.now())
    page = curator.get(reverse("admin:movies_movie_changelist") + query)
    assert {movie.title for movie in page.context["cl"].result_list} == titles


def test_the_state_of_encodes_can_be_asked_for(curator):
    running, failed = make_video(), make_video()
    Video.objects.filter(pk=running.pk).update(state=State.PROCESSING, progress=0.41)
    Video.objects.filter(pk=failed.pk).update(state=State.FAILED, failure="no_video")
    for page in ("admin:media_video_changelist", "admin:index"):
        assert f'data-encoding="{running.pk}"' in curator.get(reverse(page)).content.decode()
    address = reverse("admin:media_video_encoding")
    rows = curator.get(address, {"ids": f"{running.pk},{failed.pk},²,x,999999999999999999999,"}).json()
    assert "41 %" in rows[str(running.pk)]
    assert "没有画面" in rows[str(failed.pk)]
    assert "data-encoding" not in rows[str(failed.pk)]
    assert len(rows) == 2


def test_only_staff_may_ask_for_encodes(client):
    client.force_login(make_user())
    assert client.get(reverse("admin:media_video_encoding")).status_code == 403
