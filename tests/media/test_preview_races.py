"""A preview is cut while an encode begins, fails or replaces the title: it always belongs to the files there are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.media import services
from apps.media.models import PendingDeletion, Rendition, State, Video
from tests.conftest import make_video
from tests.media.uploading import empty_storage  # noqa: F401
from utils.storages import videos

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_storage")]
SHORT, LONG = 4.0, 8.0  # seconds of the previews that a film of twelve seconds can have


class Interrupted:
    """A clock that does something once, at the `nth` time that it is asked for the time of a file being stored."""

    def __init__(self, nth: int, act: Callable[[], object]) -> None:
        self.nth, self.act, self.asked = nth, act, 0

    def __call__(self) -> datetime:
        if not connection.in_atomic_block:
            self.asked += 1
            if self.asked == self.nth:
                self.act()
        return timezone.now()


@pytest.fixture
def video(tmp_path) -> Video:
    path = make_video(tmp_path / "film.mp4", seconds=12, size="160x90", extra=("-g", "100"))
    video = services.add_video(path=path, original_name=path.name)
    services.process(video_id=video.pk)
    return Video.objects.get(state=State.READY)


def stored() -> set[str]:
    root = Path(videos().path(""))
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def put_in_place(video: Video, tmp_path: Path) -> None:
    """Another film in place of the source, so that its renditions hold other bytes."""
    other = make_video(tmp_path / "other.mp4", seconds=12, size="160x90", extra=("-g", "100", "-vf", "negate"))
    Path(videos().path(video.original)).write_bytes(other.read_bytes())


def check_preview(video: Video, length: float) -> None:
    """The preview is the beginning of every rendition there is, and nothing else is left in the storage."""
    video.refresh_from_db()
    full = {row.name: row for row in video.renditions.filter(variant=Rendition.Variant.FULL)}
    previews = {row.name: row for row in video.renditions.filter(variant=Rendition.Variant.PREVIEW)}
    assert full
    assert previews.keys() == full.keys()
    assert video.preview_duration == pytest.approx(length, abs=0.2)
    for name, row in previews.items():
        start = Path(videos().path(row.file)).read_bytes()
        assert len(start) == row.size
        assert Path(videos().path(full[name].file)).read_bytes().startswith(start)
    assert not PendingDeletion.objects.filter(arriving_for=video).exists()
    lasting = timedelta(seconds=settings.TOKEN_TTL) + timedelta(minutes=10)
    services.discard_due(at=timezone.now() + lasting)
    named = {video.original, *Rendition.objects.values_list("file", flat=True), *video.storyboard.files}
    assert stored() == named


@pytest.mark.parametrize("nth", [1, 2])  # before the picture's file is stored, and between it and the sound's
def test_a_video_is_replaced_while_its_preview_is_cut(video, tmp_path, nth):
    old = set(video.renditions.values_list("file", flat=True))
    put_in_place(video, tmp_path)

    def replace() -> None:
        assert services.retry(video_id=video.pk, at=timezone.now())
        services.process(video_id=video.pk)

    services.set_preview(video=video, seconds=4, clock=(clock := Interrupted(nth, replace)))
    assert clock.asked > nth
    assert not old & set(video.renditions.values_list("file", flat=True))
    check_preview(video, SHORT)


@pytest.mark.parametrize("nth", [1, 2])
def test_an_encode_that_fails_meanwhile_leaves_the_preview(video, nth):
    """It deletes what a dead worker may have been storing; the files of the preview are among that."""
    Path(videos().path(video.original)).write_bytes(b"gone bad")

    def fail() -> None:
        services.retry(video_id=video.pk, at=timezone.now())
        services.process(video_id=video.pk)
        assert Video.objects.get(pk=video.pk).state == State.FAILED

    services.set_preview(video=video, seconds=4, clock=Interrupted(nth, fail))
    check_preview(video, SHORT)


@pytest.mark.parametrize("nth", [1, 2])
def test_files_are_renamed_while_an_encode_fails(video, nth):
    old = set(video.renditions.values_list("file", flat=True))
    Path(videos().path(video.original)).write_bytes(b"gone bad")

    def fail() -> None:
        services.retry(video_id=video.pk, at=timezone.now())
        services.process(video_id=video.pk)

    assert services.rename_files(video=video, clock=Interrupted(nth, fail))
    new = set(video.renditions.values_list("file", flat=True))
    assert not old & new
    assert new <= stored()


def test_a_preview_of_another_length_is_asked_for_while_the_encode_cuts_one(video, tmp_path):
    """At the first, the middle and the last moment at which the encode asks for the time."""
    services.set_preview(video=video, seconds=4)
    put_in_place(video, tmp_path)
    counting = Interrupted(0, lambda: None)
    services.retry(video_id=video.pk, at=timezone.now())
    services.process(video_id=video.pk, clock=counting)
    for nth, seconds, length in (1, 8, LONG), (counting.asked // 2, 4, SHORT), (counting.asked, 8, LONG):

        def ask(seconds: int = seconds) -> None:
            services.set_preview(video=Video.objects.get(pk=video.pk), seconds=seconds)

        services.retry(video_id=video.pk, at=timezone.now())
        services.process(video_id=video.pk, clock=Interrupted(nth, ask))
        check_preview(video, length)
