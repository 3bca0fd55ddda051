"""A file comes in."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path, PurePath

from django.utils import timezone

from apps.media.models import Video
from utils.storages import videos
from utils.tasks import enqueue

CHUNK = 1024 * 1024  # bytes hashed at a time
QUEUED_FOR = timedelta(minutes=10)  # then it's put on the queue again, in case the broker lost it


class UnableToAddVideo(Exception):
    """The file can't be read or stored; the message says why."""


def add_video(*, path: Path, original_name: str, preview_seconds: int = 0, move: bool = False) -> Video:
    """Store the file at `path` and queue its encoding. With `move` the file is taken, else copied.

    `preview_seconds` > 0 asks for a preview of that length. Raises UnableToAddVideo.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.sha256()
            size = 0
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
        suffix = PurePath(original_name).suffix.lower()
        stored = videos().adopt(path, suffix=suffix if suffix[1:].isascii() and suffix[1:].isalnum() else "", move=move)
    except OSError as error:
        raise UnableToAddVideo(f"{original_name}: {error.strerror or error}") from error
    video = Video.objects.create(
        original=stored,
        original_name=original_name[-255:],
        size=size,
        sha256=digest.hexdigest(),
        preview_seconds=preview_seconds,
        lease_until=timezone.now() + QUEUED_FOR,
    )
    enqueue("media.process", video_id=video.pk)
    return video
