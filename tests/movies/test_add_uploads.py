"""Uploaded files become titles and episodes."""

from __future__ import annotations

import os
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.media import services as media
from apps.media.models import Upload, Video
from apps.movies import services
from apps.movies.models import Episode, Kind, Movie, Status
from apps.users.models import User
from tests.factories import make_episode, make_movie, make_user
from tests.media.uploading import b64, begin, curator, patch

__all__ = ["curator"]
pytestmark = pytest.mark.django_db
ADD = "admin:movies_movie_add_uploads"


def uploaded(client: Client, name: str = "第1集.mp4") -> Upload:
    """A file that came in by tus."""
    path = begin(client, 32, **{"Upload-Metadata": f"filename {b64(name)}"})
    assert patch(client, path, 0, os.urandom(32)).status_code == 204
    return Upload.objects.get(pk=path.split("/")[-2])


def add(client: Client, *uploads: Upload, **data):
    return client.post(reverse(ADD), {"upload": [u.pk for u in uploads], **data})


def test_each_file_becomes_a_draft_of_a_film(curator):
    files = [uploaded(curator, "一.mp4"), uploaded(curator, "二.mkv")]
    answer = add(curator, *files, way="films", **{f"title-{files[1].pk}": "第二部"})
    assert answer.status_code == 200, answer.content
    assert [row["upload"] for row in answer.json()["rows"]] == [str(f.pk) for f in files]
    films = Movie.objects.order_by("pk")
    assert [(m.title, m.kind, m.status) for m in films] == [
        ("一", Kind.FILM, Status.DRAFT),
        ("第二部", Kind.FILM, Status.DRAFT),
    ]
    assert [m.episodes.get().video for m in films] == [f.video for f in files]
    assert not Upload.objects.exists()
    assert curator.get(reverse("media:uploads")).json() == {"uploads": []}


def test_files_become_the_next_episodes(curator):
    movie = make_movie(kind=Kind.SERIES)
    make_episode(movie=movie, number=3)
    files = [uploaded(curator, "甲.mp4"), uploaded(curator, "乙.mp4")]
    answer = add(curator, *files, way="episodes", movie=movie.pk)
    assert answer.status_code == 200, answer.content
    assert [(e.number, e.title) for e in movie.episodes.all()] == [(3, ""), (4, "甲"), (5, "乙")]
    movie.refresh_from_db()
    assert movie.episodes_planned == 5


def test_an_episode_keeps_its_file_unless_it_may_be_replaced(curator):
    movie = make_movie(kind=Kind.SERIES)
    kept = make_episode(movie=movie, number=1)
    file = uploaded(curator)
    refused = add(curator, file, way="episodes", movie=movie.pk, first=1)
    assert (refused.status_code, list(refused.json()["errors"])) == (409, ["__all__"])
    assert Episode.objects.get().video_id == kept.video_id
    assert Upload.objects.exists()
    assert add(curator, file, way="episodes", movie=movie.pk, first=1, replace="on").status_code == 200
    assert Episode.objects.get().video_id == file.video_id


def test_an_episode_without_a_file_gets_it(curator):
    movie = make_movie(kind=Kind.SERIES)
    Episode.objects.create(movie=movie, number=2, title="有标题")
    file = uploaded(curator)
    assert add(curator, file, way="episodes", movie=movie.pk, first=2).status_code == 200
    episode = Episode.objects.get()
    assert (episode.title, episode.video_id) == ("有标题", file.video_id)


def test_a_film_has_one_part(curator):
    film = make_episode().movie
    file = uploaded(curator)
    assert add(curator, file, way="episodes", movie=film.pk).status_code == 409
    assert film.episodes.count() == 1


def test_a_new_series(curator):
    files = [uploaded(curator), uploaded(curator, "第2集.mp4")]
    assert add(curator, *files, way="series", title="新剧", kind=Kind.VARIETY).status_code == 200
    movie = Movie.objects.get()
    assert (movie.title, movie.kind, movie.status, movie.episodes_planned) == ("新剧", Kind.VARIETY, Status.DRAFT, 2)


def test_a_file_is_put_in_its_place_once(curator):
    file = uploaded(curator)
    assert add(curator, file, way="films").status_code == 200
    assert add(curator, file, way="films").status_code == 400
    assert Movie.objects.count() == 1


def test_a_file_on_its_way_has_no_place_yet(curator):
    path = begin(curator, 10)
    answer = curator.post(reverse(ADD), {"upload": path.split("/")[-2], "way": "films"})
    assert answer.status_code == 409
    assert Upload.objects.exists()
    assert not Movie.objects.exists()


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"way": "films"}, "__all__"),
        ({"way": "films", "upload": "x"}, "__all__"),
        ({"way": "films", "upload": str(uuid.uuid4())}, "__all__"),
        ({}, "way"),
        ({"way": "episodes"}, "movie"),
        ({"way": "episodes", "movie": "9999"}, "movie"),
        ({"way": "episodes", "first": "0"}, "first"),
        ({"way": "series"}, "title"),
        ({"way": "series", "title": "长" * 121}, "title"),
        ({"way": "series", "title": "x", "kind": "film"}, "kind"),
    ],
)
def test_what_is_missing_or_wrong_is_said(curator, data, field):
    answer = curator.post(reverse(ADD), data)
    assert answer.status_code == 400
    assert answer.json()["errors"][field][0]


def test_only_editors_of_titles_and_only_their_own_files(curator, client):
    file = uploaded(curator)
    other = Client()
    other.force_login(make_user(is_staff=True, is_superuser=True))
    assert add(other, file, way="films").status_code == 400
    plain = Client()
    plain.force_login(make_user(is_staff=True))
    assert add(plain, file, way="films").status_code == 403
    assert plain.get(reverse("admin:media_video_add")).status_code == 403
    assert curator.get(reverse(ADD)).status_code == 405


def test_the_upload_page_lists_what_an_earlier_visit_left(curator):
    begin(curator, 10, **{"Upload-Metadata": f"filename {b64('半.mp4')},modified {b64('1700000000000')}"})
    done = uploaded(curator)
    Video.objects.filter(pk=done.video_id).update(state="failed", failure="not_a_video")
    half, whole = curator.get(reverse("media:uploads")).json()["uploads"]
    assert (half["filename"], half["modified"], half["state"], half["video"]) == (
        "半.mp4",
        "1700000000000",
        "receiving",
        None,
    )
    assert (whole["state"], whole["video"]["state"]) == ("done", "failed")
    assert "MP4" in whole["video"]["failure"]
    page = curator.get(reverse("admin:media_video_add"))
    assert page.status_code == 200
    assert b"upload-config" in page.content


def test_what_was_done_long_ago_is_forgotten_and_its_video_stays(curator):
    file = uploaded(curator)
    media.look_after_uploads(at=timezone.now())
    assert Upload.objects.filter(pk=file.pk).exists()
    Upload.objects.update(expires_at="2020-01-01T00:00Z")
    media.look_after_uploads(at=timezone.now())
    assert not Upload.objects.exists()
    assert Video.objects.filter(pk=file.video_id).exists()


def test_files_in_any_order_become_the_episodes_that_their_names_tell(curator):
    names = ["第10集.mp4", "第1集.mp4", "第2集.mp4", "Show.S01E03.mkv"]
    files = [uploaded(curator, name) for name in names]
    assert add(curator, *files, way="series", title="剧").status_code == 200
    found = Movie.objects.get().episodes.all()
    assert [(e.number, e.video.original_name) for e in found] == [
        (1, names[1]), (2, names[2]), (3, names[3]), (10, names[0]),
    ]  # fmt: skip


def test_a_preview_tells_numbers_clashes_and_gaps_and_makes_nothing(curator):
    files = [uploaded(curator, name) for name in ("第4集.mp4", "第1集.mp4", "第01集 重复.mp4", "花絮.mp4")]
    told = add(curator, *files, way="series", preview=1).json()
    assert [(p["number"], p["clash"]) for p in told["places"]] == [(1, True), (1, True), (4, False), (5, False)]
    assert "2–3" in " ".join(told["notes"])
    assert not Movie.objects.exists()
    numbers = {f"number-{file.pk}": n for n, file in enumerate(files, start=1)}
    told = add(curator, *files, way="series", preview=1, **numbers).json()
    assert [(p["upload"], p["number"], p["clash"]) for p in told["places"]] == [
        (str(file.pk), n, False) for n, file in enumerate(files, start=1)
    ]
    assert told["notes"] == []


def test_numbers_that_are_told_are_taken_and_two_files_never_get_one(curator):
    files = [uploaded(curator, name) for name in ("第1集.mp4", "第2集.mp4")]
    one, two = (f"number-{file.pk}" for file in files)
    assert add(curator, *files, way="series", title="剧", **{one: 3, two: 3}).status_code == 409
    for wrong in ("0", "x", "²", "10000", "-1"):
        assert add(curator, *files, way="series", title="剧", **{one: wrong, two: 2}).status_code == 400
    assert Upload.objects.count() == 2
    assert add(curator, *files, way="series", title="剧", **{one: 2, two: 1}).status_code == 200
    assert [e.video.original_name for e in Episode.objects.order_by("number")] == ["第2集.mp4", "第1集.mp4"]


def test_a_thousand_files_are_looked_at_in_few_queries(curator, django_assert_max_num_queries):
    owner = User.objects.get(pk=curator.session["_auth_user_id"])
    soon = timezone.now() + timedelta(days=1)
    rows = range(1000, 0, -1)
    files = Upload.objects.bulk_create(
        Upload(owner=owner, filename=f"第{n}集.mp4", size=1, stored=f"x{n}", expires_at=soon) for n in rows
    )
    told = {f"title-{f.pk}": "集" for f in files} | {f"number-{f.pk}": 1001 - n for n, f in enumerate(files, start=1)}
    with django_assert_max_num_queries(12):
        answer = add(curator, *files, way="series", preview=1, **told)
    assert [place["number"] for place in answer.json()["places"]] == list(range(1, 1001))


def test_no_number_is_given_above_the_highest(curator):
    movie = make_movie(kind=Kind.SERIES)
    make_episode(movie=movie, number=9999)
    answer = add(curator, uploaded(curator, "甲.mp4"), way="episodes", movie=movie.pk)
    assert answer.status_code == 409
    assert "9999" in answer.json()["errors"]["__all__"][0]
    assert Upload.objects.exists()


def test_a_silent_name_follows_those_that_tell_their_numbers():
    names = ["第10集.mp4", "IMG_无号.mp4", "第1集.mp4", "花絮.mp4", "第一集 重复.mp4"]
    assert {names[p.index]: p.number for p in services.assign_numbers(names=names)} == {
        "第1集.mp4": 1, "第一集 重复.mp4": 1, "第10集.mp4": 10, "IMG_无号.mp4": 11, "花絮.mp4": 12,
    }  # fmt: skip


def test_parts_are_counted_on_only_where_they_share_a_number():
    shared = ["第1期上.mp4", "第1期下.mp4", "第2期.mp4"]
    assert [p.number for p in services.assign_numbers(names=shared)] == [1, 2, 3]
    apart = ["Show S26E03 (Part 1).mkv", "Show S26E04 (Part 2).mkv"]
    assert [p.number for p in services.assign_numbers(names=apart)] == [3, 4]
    assert [p.number for p in services.assign_numbers(names=["第4期上.mp4"], taken=[1, 2, 3, 4])] == [5]


def test_a_preview_says_what_is_a_guess_and_what_is_counted_on(curator):
    names = ["电影 3 归来.mp4", "第二季 第5集.mp4", "第1集.mp4", "花絮.mp4"]
    files = [uploaded(curator, name) for name in names]

    def notes(*chosen, **data):
        told = add(curator, *chosen, way="series", preview=1, **data).json()["places"]
        return [(p["number"], p["season"], p["notes"]) for p in told]

    guess = "集数不确定，请核对。"
    assert notes(files[0]) == [(3, "第 1 季", [guess])]
    assert notes(files[0], **{f"number-{files[0].pk}": 3}) == [(3, "第 1 季", [])]
    assert notes(*files[1:]) == [
        (1, "第 1 季", []),
        (2, "第 2 季", ["文件名中为第 5 集。"]),
        (3, "", ["特别篇"]),
    ]
