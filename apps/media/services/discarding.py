"""Stored files come and go: named before they come, and kept until nothing can name them any more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from apps.media.models import Discard, Video
from utils.storages import videos

ARRIVES_WITHIN = timedelta(minutes=5)  # from naming a file until its video's rows are written
SLOWEST_COPY = 10 * 1024**2  # bytes per second between the work folder and the storage
MARGIN = timedelta(minutes=5)  # between the last token's expiry and a file's end


class GivenUp(Exception):
    """The files took so long to arrive that their worker was held for dead, and they were deleted."""


class Arrivals:
    """Files on their way into the storage for one video; `settle` makes them stay."""

    def __init__(self, video: Video) -> None:
        self.video = video
        self.names: list[str] = []

    def place(self, path: Path) -> str:
        """Move a finished file into the storage; returns its name there."""
        name = videos().new_name(path.suffix)
        copying = timedelta(seconds=path.stat().st_size / SLOWEST_COPY)
        Discard.objects.create(name=name, due_at=timezone.now() + ARRIVES_WITHIN + copying, arriving_for=self.video)
        self.names.append(name)
        return videos().adopt(path, name=name)

    def settle(self) -> None:
        """Inside the transaction that names the files in their video's rows. Raises GivenUp."""
        struck, _ = Discard.objects.filter(name__in=self.names).delete()
        if struck != len(self.names):
            raise GivenUp

    def withdraw(self) -> None:
        """Delete what was placed: it belongs to nothing."""
        drop(Discard.objects.filter(name__in=self.names).values_list("name", flat=True))


def drop(names: Iterable[str]) -> int:
    """Delete stored files and their notes now; one that is gone already is no error. Returns how many."""
    names = list(names)
    for name in names:
        videos().delete(name)
    Discard.objects.filter(name__in=names).delete()
    return len(names)


def drop_arrivals(video_id: int) -> int:
    """Delete what an earlier worker was putting in place for a video when it died. Returns how many files."""
    return drop(Discard.objects.filter(arriving_for_id=video_id).values_list("name", flat=True))


def discard_later(names: Iterable[str], *, video: Video) -> None:
    """Delete stored files of a video once the last address that names them has expired."""
    lasting = timedelta(seconds=max(settings.TOKEN_TTL, 2 * (video.duration or 0)))
    due_at = timezone.now() + lasting + MARGIN
    Discard.objects.bulk_create([Discard(name=name, due_at=due_at) for name in names], ignore_conflicts=True)


def discard_due(*, at: datetime) -> int:
    """Delete the files whose time has come. Returns how many."""
    return drop(Discard.objects.filter(due_at__lte=at).values_list("name", flat=True)[:1000])
