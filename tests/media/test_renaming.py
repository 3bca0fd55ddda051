"""Other names for the files of a title that is free no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from apps.media import services
from apps.media.models import PendingDeletion, Rendition, State, Storyboard, Subtitle
from apps.media.services.doctor import named_files
from apps.media.services.storage import discard_later
from apps.movies import services as movies
from apps.movies.models import Access, Movie
from tests.factories import make_episode, make_user
from utils.storages import videos

# what happens after the commit happens
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def episode():
    """A free one with every kind of stored file."""
    episode = make_episode()
    for name in ("words.vtt", "sheet.jpg", "older.mp4"):
        videos().delete(name)
        videos().save(name, ContentFile(name.encode()))
    Subtitle.objects.create(video=episode.video, language="zh", label="中文", file="words.vtt")
    Storyboard.objects.update(files=["sheet.jpg"])
    discard_later(["older.mp4"], video=episode.video, at=timezone.now())
    return episode


def named(episode) -> list[str]:
    """The files of the whole title, in the order of their rows."""
    video = episode.video
    names = list(Rendition.objects.filter(video=video, variant="full").order_by("pk").values_list("file", flat=True))
    return [*names, video.subtitles.get().file, *Storyboard.objects.get(video=video).files]


def bytes_of(name: str) -> bytes:
    with videos().open(name) as file:
        return file.read()


def test_the_same_bytes_are_found_under_new_names_and_nothing_under_the_old(episode):
    old = named(episode)
    content = [bytes_of(name) for name in old]
    assert services.rename_files(video=episode.video)
    fresh = named(episode)
    assert not set(fresh) & set(old)
    assert [bytes_of(name) for name in fresh] == content
    assert [Path(name).suffix for name in fresh] == [Path(name).suffix for name in old]
    assert not any(videos().exists(name) for name in [*old, "older.mp4"])
    assert not PendingDeletion.objects.exists()
    assert set(fresh) <= named_files()


def test_a_disk_without_hard_links_copies(episode, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", refuse)
    old = named(episode)
    content = [bytes_of(name) for name in old]
    assert services.rename_files(video=episode.video)
    assert [bytes_of(name) for name in named(episode)] == content
    assert not any(videos().exists(name) for name in old)


@pytest.mark.parametrize("state", [State.UPLOADED, State.PROCESSING])
def test_files_that_an_encode_is_at_work_on_keep_their_names(episode, state):
    type(episode.video).objects.update(state=state)
    old = named(episode)
    stored = sum(1 for path in Path(videos().path("")).rglob("*") if path.is_file())
    assert not services.rename_files(video=episode.video)
    assert named(episode) == old
    assert sum(1 for path in Path(videos().path("")).rglob("*") if path.is_file()) == stored
    assert [row.name for row in PendingDeletion.objects.all()] == ["older.mp4"]


def test_addresses_of_a_free_title_end_when_it_becomes_vip(episode, client):
    address = reverse("playback:rendition", args=[episode.movie_id, 1, "360p"])
    kept = client.get(address).content.decode().split('URI="')[1].split('"')[0]
    assert client.get(kept).status_code == 200
    admin = make_user(is_staff=True, is_superuser=True)
    client.force_login(admin)
    form = reverse("admin:movies_movie_change", args=[episode.movie_id])
    movie = episode.movie
    values = {
        "title": movie.title, "kind": movie.kind, "category": movie.category_id, "access": "vip", "price": "10.00",
        "member_price": "5.00", "episodes_planned": 1, "preview_seconds": "4",
    }  # fmt: skip
    for line in ("episodes", "credits", "materials"):
        values |= {f"{line}-TOTAL_FORMS": 0, f"{line}-INITIAL_FORMS": 0}
    answer = client.post(form, values)
    assert answer.status_code == 302, answer.context["errors"]
    assert Movie.objects.get().access == Access.VIP
    assert client.get(kept).status_code == 404
    fresh = client.get(address).content.decode().split('URI="')[1].split('"')[0]
    assert client.get(fresh).status_code == 200


def test_a_title_that_was_sold_keeps_its_names(episode):
    Movie.objects.update(access=Access.PAID)
    episode.movie.refresh_from_db()
    old = named(episode)
    movies.access_changed(movie=episode.movie)
    assert named(episode) == old
