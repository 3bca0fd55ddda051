"""File storages for videos and private files."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.files.storage import FileSystemStorage, Storage, storages

from utils.signing import sign

COPIED_AT_ONCE = 1024 * 1024  # bytes
PRIVATE_TTL = 300  # seconds until the URL of a private file expires; enough to start a download


def free_room() -> int:
    """Free bytes on the work disk or the video disk, whichever is lower."""
    places = (Path(settings.WORK_DIR), Path(videos().location))
    for place in places:
        with contextlib.suppress(OSError):  # a disk can be too full even for a folder
            place.mkdir(parents=True, exist_ok=True)
    return min((shutil.disk_usage(place).free for place in places if place.exists()), default=0)


class VideoStorage(FileSystemStorage):
    """The folder in VIDEO_STORAGE_URL (`file:///…`). Its URLs need a token."""

    def __init__(self) -> None:
        super().__init__(location=unquote(urlsplit(settings.VIDEO_STORAGE_URL).path), base_url=settings.VIDEO_URL)

    def new_name(self, suffix: str) -> str:
        """An unguessable name, with its folder created."""
        token = secrets.token_hex(16)
        name = f"{token[:2]}/{token[2:4]}/{token}{suffix}"
        Path(self.path(name)).parent.mkdir(parents=True, exist_ok=True)
        return name

    def adopt(self, source: Path, *, suffix: str = "", name: str = "", move: bool = True) -> str:
        """Move or copy a finished local file in atomically, under `name` or a new random one; returns the name."""
        name = name or self.new_name(suffix)
        target = Path(self.path(name))
        part = target.with_name(f"{target.name}.part")
        try:
            if move:
                shutil.move(source, part)
            else:
                shutil.copyfile(source, part)
        except OSError:
            part.unlink(missing_ok=True)  # for example a full disk; remove the partial file
            raise
        os.utime(part)  # reset the mtime: cleanup deletes old unreferenced files
        part.replace(target)
        return name

    def link(self, name: str, other: str) -> None:
        """Hard-link a stored file as `other`; copy it if the file system has no hard links."""
        try:
            os.link(self.path(name), self.path(other))
        except FileNotFoundError:
            raise
        except OSError:
            self.adopt(Path(self.path(name)), name=other, move=False)

    def extend(self, name: str, source: Path, *, start: int, end: int) -> None:
        """Write bytes `start` to `end` of a local file to the same position of the stored file. Idempotent."""
        with source.open("rb") as file, Path(self.path(name)).open("r+b") as target:
            file.seek(start)
            target.seek(start)
            while start < end and (part := file.read(min(end - start, COPIED_AT_ONCE))):
                target.write(part)
                start += len(part)


class PrivateStorage(FileSystemStorage):
    """Uploaded files for entitled users, served as downloads through signed, short-lived URLs."""

    def __init__(self) -> None:
        super().__init__(location=settings.PRIVATE_ROOT, base_url=settings.VIDEO_URL)

    def url(self, name: str | None) -> str:
        return sign(f"{settings.VIDEO_URL}{name}", expires_at=int(time.time()) + PRIVATE_TTL)


def private() -> Storage:
    """The storage of course material."""
    return storages["private"]


def videos() -> VideoStorage:
    """The storage of originals, renditions, subtitles and storyboards."""
    storage = storages["videos"]
    if not isinstance(storage, VideoStorage):
        raise TypeError(f"STORAGES['videos'] is {type(storage).__name__}: it must be a VideoStorage")
    return storage
