"""Stored files: each is named in a row before it is stored, and deleted once no address can name it any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from apps.media.models import ACTIVE, PendingDeletion, Rendition, Storyboard, Subtitle, Upload, Video
from utils import row_files
from utils.clock import Clock
from utils.storages import videos
from utils.storages.front import Begun, Tick

ARRIVES_WITHIN = timedelta(minutes=5)  # from naming a file until its video's rows are written
SLOWEST_COPY = 10 * 1024**2  # bytes per second between the work folder and the storage
MARGIN = timedelta(minutes=5)  # between the last token's expiry and a file's end
UNCLAIMED_FOR = timedelta(hours=1)  # a stored file that no row names may be on its way for as long
# fields that name a file; storyboards name several
NAMING: tuple[tuple[type[Model], str], ...] = (
    (Video, "original"), (Rendition, "file"), (Subtitle, "file"), (Upload, "stored")
)  # fmt: skip
ROWS_AT_ONCE = 500  # of a statement that gives rows new names
SWEPT = (row_files.PUBLIC, row_files.PRIVATE)  # storages whose files are found by their rows


class GivenUp(Exception):
    """The files took so long to arrive that their worker counted as dead, and they were deleted."""


class Arrivals:
    """Files that are being stored for one video, as a context. Those that weren't settled at its end are deleted.

    `on_tick` is called during long transfers.
    """

    def __init__(self, video: Video, *, clock: Clock, on_tick: Tick | None = None) -> None:
        self.video = video
        self.clock = clock
        self.on_tick = on_tick
        self.names: list[str] = []  # that have a row, and
        self._stored: list[str] = []  # those of them that hold a whole file

    def __enter__(self) -> Arrivals:
        return self

    def __exit__(self, *error: object) -> None:
        try:
            drop(PendingDeletion.objects.filter(name__in=self.names))  # settled ones have no row any more
        except videos().unavailable:
            pass  # they are due soon

    def place(self, path: Path) -> str:
        """Store a finished file, which may be moved; returns its name there."""
        begun = self._begun(path.stat().st_size)
        return self._keep(videos().adopt(path, suffix=path.suffix, begun=begun, on_tick=self.on_tick))

    def begin(self, suffix: str) -> str:
        """Store an empty file that can grow; returns its name."""
        name = videos().begin(suffix)
        self._begun(0)(name)
        return self._keep(name)

    def duplicate(self, name: str) -> str:
        """Give a stored file's content a second name, and return it."""
        return self._keep(videos().duplicate(name, begun=self._begun(videos().size(name))))

    def _begun(self, size: int) -> Begun:
        """Makes the row of a name under which `size` bytes are about to be stored."""

        def note(name: str) -> None:
            expect(name, size, at=self.clock(), video=self.video)
            self.names.append(name)

        return note

    def _keep(self, name: str) -> str:
        self._stored.append(name)
        return name

    def settle(self) -> None:
        """Keep the files: inside the transaction that names them in their video's rows. Raises GivenUp."""
        struck, _ = PendingDeletion.objects.filter(name__in=self._stored).delete()
        if struck != len(self._stored):
            raise GivenUp


def expect(name: str, size: int, *, at: datetime, video: Video | None = None) -> None:
    """Note the name of a file of `size` bytes that is about to be stored: without another row it is deleted later."""
    due_at = at + ARRIVES_WITHIN + timedelta(seconds=size / SLOWEST_COPY)
    PendingDeletion.objects.create(name=name, due_at=due_at, arriving_for=video)


def drop(discards: QuerySet[PendingDeletion]) -> int:
    """Delete stored files and their rows now; a file that is missing is no error. Returns how many."""
    gone = []
    try:
        for row in discards:
            storages[row.storage].delete(row.name)
            gone.append(row.pk)
    finally:  # a storage may be away
        PendingDeletion.objects.filter(pk__in=gone).delete()
    return len(gone)


def drop_arrivals(video_id: int) -> int:
    """Delete what a dead worker was storing for a video. Returns how many files."""
    return drop(PendingDeletion.objects.filter(arriving_for_id=video_id))


def discard_later(names: Iterable[str], *, video: Video, at: datetime) -> None:
    """Delete stored files of a video once the last address that names them has expired."""
    lasting = timedelta(seconds=max(settings.TOKEN_TTL, 2 * (video.duration or 0)))
    due_at = at + lasting + MARGIN
    rows = [PendingDeletion(name=name, due_at=due_at, replaced_in=video) for name in names]
    PendingDeletion.objects.bulk_create(rows, ignore_conflicts=True)


def discard_due(*, at: datetime) -> int:
    """Delete the files that are due, a thousand at most. Returns how many."""
    return drop(PendingDeletion.objects.filter(due_at__lte=at).order_by("due_at")[:1000])


def left_files(*, at: datetime) -> list[tuple[str, str]]:
    """(storage, name) of files that no row names and that aren't to be deleted yet.

    They were replaced, their row was deleted, or a process died between storing and naming them.
    """
    noted = set(PendingDeletion.objects.filter(storage__in=SWEPT).values_list("storage", "name"))
    left = ((alias, name) for alias in SWEPT for name in row_files.unnamed(alias, before=at - UNCLAIMED_FOR))
    return [file for file in left if file not in noted]


def discard_left(*, at: datetime) -> int:
    """Have files that no row names deleted once no open page shows them, and keep those that a row names again.

    Returns how many are to be deleted now that weren't before.
    """
    names = {alias: row_files.named(alias) for alias in SWEPT}
    noted = PendingDeletion.objects.filter(storage__in=SWEPT)
    PendingDeletion.objects.filter(pk__in=[row.pk for row in noted if row.name in names[row.storage]]).delete()
    going = left_files(at=at)
    for alias in SWEPT:
        discard_replaced([name for storage, name in going if storage == alias], at=at, storage=alias)
    return len(going)


def discard_replaced(names: Iterable[str], *, at: datetime, storage: str = row_files.PUBLIC) -> None:
    """Delete replaced files once no open page shows them."""
    due_at = at + timedelta(seconds=settings.TOKEN_TTL) + MARGIN
    PendingDeletion.objects.bulk_create(
        [PendingDeletion(name=name, storage=storage, due_at=due_at) for name in names], ignore_conflicts=True
    )


def rename_files(*, video: Video, clock: Clock = timezone.now) -> bool:
    """Rename the files of the whole title at once; False while it is being encoded.

    For a title that is no longer free: addresses of free files are shared, and valid for hours. Players that may go on
    find the same bytes under the new names in their playlists.
    """
    while (done := _rename(video, clock)) is None:
        continue
    return done


def _rename(video: Video, clock: Clock) -> bool | None:
    """None if an encode replaced the files meanwhile, or deleted their new names as a dead worker's."""
    old = _names(video)
    with suppress(GivenUp), Arrivals(video, clock=clock) as arrivals:
        fresh = {name: arrivals.duplicate(name) for name in old}
        with transaction.atomic():
            locked = Video.objects.select_for_update().get(pk=video.pk)
            if locked.state in ACTIVE:
                return False  # its worker knows its files by their names
            if set(_names(video)) != set(old):
                return None
            arrivals.settle()
            for name in old:
                for model in (Rendition, Subtitle):
                    model.objects.filter(video=video, file=name).update(file=fresh[name])
            for board in Storyboard.objects.filter(video=video):
                board.files = [fresh[name] for name in board.files]
                board.save(update_fields=["files"])
            rows = [PendingDeletion(name=name, due_at=clock(), replaced_in=video) for name in old]
            PendingDeletion.objects.bulk_create(rows, ignore_conflicts=True)
            # with what encodes have replaced: that has addresses, too
            transaction.on_commit(lambda: drop(PendingDeletion.objects.filter(replaced_in=video)))
        return True
    return None


def use_names(fresh: Mapping[str, str]) -> None:
    """Let every row name its files as a restored storage does: `fresh` has these names by those of before."""
    if not fresh:
        return
    with transaction.atomic():
        for model, field in NAMING:
            rows = [row for row in model._default_manager.only(field) if getattr(row, field) in fresh]
            for row in rows:
                setattr(row, field, fresh[getattr(row, field)])
            model._default_manager.bulk_update(rows, [field], batch_size=ROWS_AT_ONCE)
        for board in Storyboard.objects.only("files"):
            board.files = [fresh.get(name, name) for name in board.files]
            board.save(update_fields=["files"])


def _names(video: Video) -> list[str]:
    """The stored files of the whole title."""
    names = list(video.renditions.filter(variant=Rendition.Variant.FULL).values_list("file", flat=True))
    names += video.subtitles.values_list("file", flat=True)
    for files in Storyboard.objects.filter(video=video).values_list("files", flat=True):
        names += files
    return names
