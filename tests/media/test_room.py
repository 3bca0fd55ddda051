"""A full disk: nothing is lost, no partial file remains, and work resumes by itself once there is space."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone, translation

from apps.media import services
from apps.media.models import State, Video
from apps.media.presenters import encoding
from apps.media.services.doctor import resume_lapsed
from apps.media.services.leases import ATTEMPTS
from tests.media import footage
from tests.media.footage import make
from tests.small_disk import SmallDisk, alone, small_disk
from utils.storages import videos

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
MIB = 1024**2


@pytest.fixture(params=["work", "videos"])
def disk(request, tmp_path, settings) -> Iterator[SmallDisk | None]:
    """The disk that files are made on, or the one they are kept on; None if the test was run elsewhere."""
    if not alone(request.node):
        yield None
        return
    with small_disk(tmp_path / "disk", 48 * MIB) as found:
        small = {"work": found.place} if request.param == "work" else {"videos": found.place}
        settings.WORK_DIR = str(small.get("work", tmp_path) / "work")
        settings.VIDEO_STORAGE_URL = (small.get("videos", tmp_path) / "videos").as_uri()
        settings.STORAGES = {**settings.STORAGES}  # made anew, at its new place
        yield found
    settings.STORAGES = {**settings.STORAGES}


def arrived(tmp_path: Path) -> Video:
    source = "testsrc2=s=320x180:r=25:d=3,noise=alls=40:allf=t,format=yuv420p"
    path = make(tmp_path / "film.mkv", "-c:v", "mpeg4", "-q:v", "9", source=source, sound="sine=d=3")
    return services.add_video(path=path, original_name=path.name)


def tried(video: Video) -> Video:
    services.process(video_id=video.pk)
    video.refresh_from_db()
    return video


def later(video: Video) -> int:
    """Let its pause be over, and everybody look."""
    Video.objects.filter(pk=video.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    count = resume_lapsed(at=timezone.now())
    video.refresh_from_db()
    return count


def left() -> list[str]:
    """What lies in the work folder and the storage beside the original."""
    work = Path(settings.WORK_DIR)
    found = list(work.iterdir()) if work.exists() else []
    return [str(p) for p in [*found, *Path(videos().path("")).rglob("*")] if p.is_file() or p.parent == work]


def test_an_encode_waits_for_room(disk, tmp_path):
    if disk is None:
        return
    video = arrived(tmp_path)
    disk.fill(leave=64 * 1024)
    assert tried(video).state == State.NO_ROOM
    assert video.lease_until > timezone.now()
    assert left() == [videos().path(video.original)]
    assert not video.renditions.exists()
    for language, words in (("en", "waiting for disk space"), ("zh-hans", "等待磁盘空间")):
        with translation.override(language):
            assert words in encoding(video, at=timezone.now())
    assert resume_lapsed(at=timezone.now()) == 0  # its pause isn't over
    assert (later(video), video.state) == (0, State.NO_ROOM)  # there is no room yet: that costs no try
    assert video.attempts == 1
    disk.empty()
    assert (later(video), video.state) == (1, State.UPLOADED)
    assert tried(video).state == State.READY, video.failure_detail
    assert footage.levels_of(video)
    assert not list(Path(settings.WORK_DIR).iterdir())


def test_it_is_told_when_room_never_suffices(disk, tmp_path):
    if disk is None:
        return
    video = arrived(tmp_path)
    disk.fill(leave=64 * 1024)
    Video.objects.filter(pk=video.pk).update(attempts=ATTEMPTS - 2)
    assert tried(video).state == State.NO_ROOM
    assert video.lease_until > timezone.now() + timedelta(minutes=10)  # the pauses have grown
    assert services.retry(video_id=video.pk, at=timezone.now())  # a curator needn't wait
    Video.objects.filter(pk=video.pk).update(attempts=ATTEMPTS - 1)
    assert (tried(video).state, video.failure) == (State.FAILED, "full")
    assert left() == [videos().path(video.original)]


@pytest.mark.parametrize("disk", ["work"], indirect=True)
def test_what_waits_for_room_can_be_stopped(disk, tmp_path):
    if disk is None:
        return
    video = arrived(tmp_path)
    disk.fill()
    assert tried(video).state == State.NO_ROOM
    assert services.cancel(video_id=video.pk, at=timezone.now())
    disk.empty()
    assert (later(video), video.state, video.failure) == (0, State.FAILED, "cancelled")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="MariaDB's own disk is its operator's")
def test_a_database_without_room_is_no_failure(tmp_path):
    """Nothing can be written down then: the lease lapses, and the next one begins."""
    video = arrived(tmp_path)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
    try:
        state = tried(video).state
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    assert state in {State.PROCESSING, State.NO_ROOM, State.READY}
    if state != State.READY:
        assert later(video) == 1
        assert tried(video).state == State.READY
