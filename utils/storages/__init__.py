"""File storages for videos and private files.

`front` is what the site asks of a storage of videos; `disk` and `fastdfs` do it, chosen by VIDEO_STORAGE_URL.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, storages

from utils.signing import sign
from utils.storages.disk import DiskStore, find_file
from utils.storages.fastdfs import FastDFSStore
from utils.storages.front import Found, VideoStore

STORES: dict[str, type[DiskStore | FastDFSStore]] = {"file": DiskStore, "fastdfs": FastDFSStore}
PRIVATE_TTL = 300  # seconds until the URL of a private file expires; enough to start a download


def free_room() -> int:
    """Free bytes on the work disk or in the storage of videos, whichever is lower."""
    work = Path(settings.WORK_DIR)
    with suppress(OSError):  # a disk can be too full even for a folder
        work.mkdir(parents=True, exist_ok=True)
    room = [shutil.disk_usage(work).free if work.exists() else None, videos().free_bytes()]
    return min((free for free in room if free is not None), default=0)


class PrivateStorage(FileSystemStorage):
    """Uploaded files for entitled users, served as downloads through signed, short-lived URLs."""

    def __init__(self) -> None:
        super().__init__(location=settings.PRIVATE_ROOT, base_url=settings.VIDEO_URL)

    def url(self, name: str | None) -> str:
        return sign(f"{settings.VIDEO_URL}{name}", expires_at=int(time.time()) + PRIVATE_TTL)

    def find(self, name: str) -> Found:
        """The file's size and age. Raises FileNotFoundError."""
        return find_file(self, name)


def private() -> PrivateStorage:
    """The storage of course material."""
    storage = storages["private"]
    if not isinstance(storage, PrivateStorage):
        raise TypeError(f"STORAGES['private'] is {type(storage).__name__}: it must be a PrivateStorage")
    return storage


def video_store() -> VideoStore:
    """A storage as VIDEO_STORAGE_URL says: the backend in STORAGES. Raises ImproperlyConfigured."""
    scheme = urlsplit(settings.VIDEO_STORAGE_URL).scheme
    if scheme not in STORES:
        raise ImproperlyConfigured(f"VIDEO_STORAGE_URL is {settings.VIDEO_STORAGE_URL!r}.")
    return STORES[scheme]()


def videos() -> VideoStore:
    """The storage of originals, renditions, subtitles and storyboards."""
    storage = storages["videos"]
    if not isinstance(storage, VideoStore):
        raise TypeError(f"STORAGES['videos'] is {type(storage).__name__}: it must be a VideoStore")
    return storage


def is_unavailable(error: BaseException | None) -> bool:
    """Whether the storage of videos couldn't be reached: a later attempt may succeed."""
    return isinstance(error, videos().unavailable)
