"""A title is encoded again while it is watched: viewers notice nothing, and replaced files are deleted at last."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from apps.media import services
from apps.media.models import PendingDeletion, Rendition, State, Video
from apps.movies.models import Episode
from tests.factories import make_movie
from tests.media import footage
from utils.storages import videos

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Viewer:
    """Someone who plays a title as a player does: playlists once, then byte ranges of the files they name."""

    def __init__(self, client, episode: Episode) -> None:
        self.client = client
        self.tracks: dict[str, tuple[str, list[tuple[int, int]]]] = {}
        master = self.get(reverse("playback:master", args=[episode.movie_id, episode.number])).decode()
        for address in re.findall(r'^(/\S+)$|URI="([^"]+)"', master, re.MULTILINE):
            path = "".join(address)
            text = self.get(path).decode()
            file = re.findall(r"^(/v/\S+)$", text, re.MULTILINE)[-1]
            ranges = [(int(a), int(n)) for n, a in re.findall(r"BYTERANGE:(\d+)@(\d+)", text)]
            init = re.search(r'BYTERANGE="(\d+)@0"', text)
            self.tracks[path] = (file, [(0, int(init.group(1))) if init else (0, 9), *ranges])

    def get(self, path: str, **headers: str) -> bytes:
        answer = self.client.get(path, headers=headers)
        assert answer.status_code in (200, 206), (path, answer.status_code)
        return b"".join(answer.streaming_content) if answer.streaming else answer.content

    def watch(self) -> dict[str, bytes]:
        """The bytes of every track from its start to its end."""
        return {
            path: b"".join(self.get(file, Range=f"bytes={at}-{at + size - 1}") for at, size in ranges)
            for path, (file, ranges) in self.tracks.items()
        }


@pytest.fixture
def episode(tmp_path) -> Episode:
    (tmp_path / "a.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nHello\n")
    plain = footage.make(tmp_path / "plain.mkv", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0",
                         source=footage.picture("640x360"))  # fmt: skip
    path = tmp_path / "film.mkv"
    footage.ffmpeg("-i", str(plain), "-i", str(tmp_path / "a.srt"), "-c", "copy", str(path))
    video = services.add_video(path=path, original_name=path.name)
    services.process(video_id=video.pk)
    return Episode.objects.create(movie=make_movie(), number=1, video=video)


def test_viewers_keep_the_old_files_until_their_addresses_expire(client, episode):
    video = Video.objects.get(pk=episode.video_id)
    assert video.state == State.READY, video.failure_detail
    early = Viewer(client, episode)
    assert len(early.tracks) == 4  # two levels, a sound, a text
    seen = early.watch()
    assert services.retry(video_id=video.pk, at=timezone.now())
    during = Viewer(client, episode)
    services.process(video_id=video.pk)
    late = Viewer(client, episode)
    assert early.watch() == during.watch() == seen
    assert set(late.tracks) == set(early.tracks)  # the playlists keep their addresses,
    assert not {t[0] for t in late.tracks.values()} & {t[0] for t in early.tracks.values()}  # the files don't
    late.watch()
    now = timezone.now()
    lasting = timedelta(seconds=settings.TOKEN_TTL)
    assert services.discard_due(at=now + lasting - timedelta(minutes=1)) == 0
    assert early.watch() == seen
    assert services.discard_due(at=now + lasting + timedelta(minutes=10)) >= 5  # levels, sound, text, storyboard
    late.watch()
    on_disk = {str(p.relative_to(videos().path(""))) for p in Path(videos().path("")).rglob("*") if p.is_file()}
    assert {row.file for row in Rendition.objects.all()} <= on_disk
    assert not {file.split("?")[0].removeprefix("/v/") for file, _ in early.tracks.values()} & on_disk
    assert not PendingDeletion.objects.exists()


def test_a_replacement_that_fails_leaves_what_there_was(client, episode):
    viewer = Viewer(client, episode)
    seen = viewer.watch()
    video = Video.objects.get(pk=episode.video_id)
    Path(videos().path(video.original)).write_bytes(b"gone bad")
    services.retry(video_id=video.pk, at=timezone.now())
    services.process(video_id=video.pk)
    video.refresh_from_db()
    assert (video.state, video.failure) == (State.FAILED, "not_a_video")
    assert viewer.watch() == Viewer(client, episode).watch() == seen
