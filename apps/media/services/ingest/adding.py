"""A stored file becomes a video, unless its content is stored already."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.media.models import PendingDeletion, State, Video
from apps.media.services.ingest import tus
from apps.media.services.ingest.digests import Digests, digest
from apps.media.services.queue import QUEUED_FOR, queue_again
from apps.media.services.storage import expect
from utils.clock import Clock
from utils.redis import held
from utils.storages import videos
from utils.tasks import enqueue

ONE_AT_A_TIME = 60.0  # seconds after which a process that died while it added content no longer blocks others


class UnableToAddVideo(Exception):
    """The file can't be read or stored; the message says why."""


def add_video(
    *, path: Path, original_name: str, preview_seconds: int = 0, move: bool = False, clock: Clock = timezone.now
) -> Video:
    """The video of the file at `path`, its encoding queued. With `move` the file is taken, else copied.

    Content that is stored already gives the video it has. `preview_seconds` > 0 asks a new one for a
    preview of that length. Raises UnableToAddVideo.
    """
    try:
        with path.open("rb") as file:
            digests = digest(file)
        video = find_content(sha256=digests.sha256, size=digests.length)
        if video is not None:
            if move:
                path.unlink()
            return _again_if_failed(video, clock())
        stored = videos().adopt(
            path,
            suffix=tus.suffix(original_name),
            move=move,
            begun=lambda name: expect(name, digests.length, at=clock()),
        )
        video = take_in(
            stored=stored, original_name=original_name, digests=digests, preview_seconds=preview_seconds, at=clock()
        )
        if move:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise UnableToAddVideo(f"{original_name}: {error.strerror or error}") from error
    return video


def find_stored(*, sha256: str, size: int, at: datetime) -> Video | None:
    """The video that has this content, tried again if it failed; None if it isn't stored."""
    video = find_content(sha256=sha256, size=size)
    return _again_if_failed(video, at) if video else None


def find_content(*, sha256: str, size: int) -> Video | None:
    """The video whose original has this content and is still stored."""
    for video in Video.objects.filter(sha256=sha256, size=size).order_by("pk"):
        if videos().exists(video.original):
            return video
    return None


def take_in(*, stored: str, original_name: str, digests: Digests, at: datetime, preview_seconds: int = 0) -> Video:
    """The video of a file in the storage: a new one on the queue, or, if its content was there, the one it had.

    Then the second copy is deleted.
    """
    with held(f"media.content.{digests.sha256}", seconds=ONE_AT_A_TIME):
        video = find_content(sha256=digests.sha256, size=digests.length)
        if video is None:
            with transaction.atomic():
                video = Video.objects.create(
                    original=stored,
                    original_name=original_name[-255:] or _("Untitled"),
                    size=digests.length,
                    sha256=digests.sha256,
                    md5=digests.md5,
                    preview_seconds=preview_seconds,
                    lease_until=at + QUEUED_FOR,
                )
                PendingDeletion.objects.filter(name=stored).delete()
                enqueue("media.process", video_id=video.pk)
            return video
    if video.original != stored:
        videos().delete(stored)
    return _again_if_failed(video, at)


def _again_if_failed(video: Video, at: datetime) -> Video:
    """A video that failed gets another try when its file comes in once more."""
    if queue_again(video_id=video.pk, states=[State.FAILED], at=at):
        video.refresh_from_db()
    return video
