"""Finds and mends what got stuck, lost or left behind."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db.models import Count

from apps.media.models import ACTIVE, Chunk, PendingDeletion, Rendition, State, Storyboard, Subtitle, Video
from apps.media.services.encoding.chunks import folder_of, forget
from apps.media.services.publishing.previews import preview_end, set_preview
from apps.media.services.queue import QUEUED_FOR, retry
from apps.media.services.storage import NAMING, SWEPT, UNCLAIMED_FOR, discard_due, discard_left, left_files
from utils import row_files
from utils.storages import free_room, videos
from utils.tasks import enqueue, queue_length

QUEUES = ("media", "media_long")
# Free bytes for another try on a disk that was full: some beside it, and a share of its source. Less may do; what
# doesn't costs a try.
ROOM_BESIDE, ROOM_SHARE = 8 * 1024**2, 1.5
CHUNKS_APPEAR = timedelta(minutes=5)  # rows of chunks follow their folder at once


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, and what is done about it."""

    what: str
    cure: str


def resume_lapsed(*, at: datetime) -> int:
    """Queue again what a dead worker, a lost message or a full disk left behind; returns how many videos."""
    count = 0
    for video in list(Video.objects.lapsed(at).only("pk", "state")):
        lost = video.state == State.PROCESSING or not any(queue_length(name) for name in QUEUES)
        moved = (
            Video.objects.lapsed(at)
            .filter(pk=video.pk, state=video.state)
            .update(state=State.UPLOADED, lease_owner="", lease_until=at + QUEUED_FOR)
        )
        if moved and lost:
            enqueue("media.process", video_id=video.pk)
            count += 1
    for folder in _left_folders(at):
        shutil.rmtree(folder, ignore_errors=True)
    return count + _resume_where_there_is_room(at)


def _resume_where_there_is_room(at: datetime) -> int:
    """Queue videos that found the disk full, once it has room for them; returns how many."""
    count = 0
    for video in list(Video.objects.out_of_room(at).only("pk", "size")):
        if free_room() < ROOM_BESIDE + ROOM_SHARE * video.size:
            continue
        moved = (
            Video.objects.out_of_room(at).filter(pk=video.pk).update(state=State.UPLOADED, lease_until=at + QUEUED_FOR)
        )
        if moved:
            enqueue("media.process", video_id=video.pk)
            count += 1
    return count


def _left_folders(at: datetime) -> list[Path]:
    """Work folders of jobs that no worker holds any more."""
    work = Path(settings.WORK_DIR)
    if not work.exists():
        return []
    # Read before the rows are: a job makes its folder after it took its video.
    folders = sorted(work.iterdir())
    owners = set(Video.objects.filter(state=State.PROCESSING).values_list("lease_owner", flat=True))
    chunked = {folder_of(pk).name for pk in Chunk.objects.order_by().values_list("video_id", flat=True).distinct()}
    without_rows, aged = (at - CHUNKS_APPEAR).timestamp(), (at - UNCLAIMED_FOR).timestamp()
    return [
        folder
        for folder in folders
        if (folder.name.startswith("job-") and folder.name.rsplit("-", 1)[-1] not in owners)
        or (folder.name.startswith("chunks-") and folder.name not in chunked and _age(folder) < without_rows)
        or (folder.name.startswith("preview-") and _age(folder) < aged)
    ]


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # it went meanwhile
        return float("inf")


def examine(*, at: datetime, mend: bool = True) -> Iterator[Finding]:
    """Everything that is wrong; each is mended as it is found, unless `mend` is False."""
    for check in (
        _stuck,
        _left_work,
        _left_chunks,
        _lost_files,
        _missing_files,
        _missing_previews,
        _due,
        _orphans,
        _left,
    ):
        for finding, cure in check(at):
            if mend:
                cure()
            yield finding


Cases = Iterator[tuple[Finding, Callable[[], object]]]


def _stuck(at: datetime) -> Cases:
    lapsed = list(Video.objects.lapsed(at))
    for number, video in enumerate(lapsed):
        yield (
            Finding(f"{video} ({video.pk}) is {video.state}, but nobody has worked on it lately", "queued again"),
            partial(resume_lapsed, at=at) if number == 0 else _nothing,  # the first call takes them all
        )


def _left_work(at: datetime) -> Cases:
    for folder in _left_folders(at):
        yield (
            Finding(f"work folder {folder.name} belongs to no job", "removed"),
            partial(shutil.rmtree, folder, ignore_errors=True),
        )


def _left_chunks(at: datetime) -> Cases:
    over = Chunk.objects.exclude(video__state__in=ACTIVE)
    for pk, count in over.order_by("video_id").values_list("video_id").annotate(n=Count("pk")):
        yield Finding(f"{count} chunks of video {pk}, which is done", "removed"), partial(forget, pk)


def _lost_files(at: datetime) -> Cases:
    storage = videos()
    for video in Video.objects.filter(state=State.READY).prefetch_related("renditions"):
        rows = [row for row in video.renditions.all() if row.variant == Rendition.Variant.FULL]
        lost = [row.name for row in rows if not storage.exists(row.file) or storage.size(row.file) != row.size]
        board = Storyboard.objects.filter(video=video).first()
        if board and not all(storage.exists(name) for name in board.files):
            lost.append("storyboard")
        if video.thumbnail and not video.thumbnail.storage.exists(video.thumbnail.name or ""):
            lost.append("thumbnail")
        if lost or not rows:
            what = f"{video} ({video.pk}) lacks {', '.join(lost) or 'every level'}"
            if storage.exists(video.original):
                yield Finding(what, "encoded again"), partial(retry, video_id=video.pk, at=at)
            else:
                yield Finding(what, "failed: its original is missing too"), partial(_give_up, video)
        elif not storage.exists(video.original):
            yield Finding(f"{video} ({video.pk}) plays, but its original is missing", "nothing"), _nothing
    for text in Subtitle.objects.all():
        if not storage.exists(text.file):
            yield Finding(f"subtitle {text} of video {text.video_id} is missing", "removed"), text.delete


def _missing_files(at: datetime) -> Cases:
    for field, row in row_files.lost():
        if field.model is Video:
            continue  # its thumbnail is made again with the rest
        what = f"{field.model._meta.model_name} {row.pk}: its {field.name} is missing"
        if field.blank:
            cure = partial(field.model._base_manager.filter(pk=row.pk).update, **{field.name: ""})
            yield Finding(what, "taken away"), cure
        else:
            yield Finding(what, "nothing"), _nothing


def _nothing() -> None:
    """No cure."""


def _give_up(video: Video) -> None:
    Video.objects.filter(pk=video.pk, state=State.READY).update(state=State.FAILED, failure="missing")


def _missing_previews(at: datetime) -> Cases:
    storage = videos()
    for video in Video.objects.filter(state=State.READY, preview_seconds__gt=0).prefetch_related("renditions"):
        rows = list(video.renditions.all())
        pictures = [r for r in rows if r.variant == Rendition.Variant.FULL and r.kind == Rendition.Kind.VIDEO]
        previews = [r for r in rows if r.variant == Rendition.Variant.PREVIEW]
        full = {r.name for r in rows if r.variant == Rendition.Variant.FULL}
        wanted = full if preview_end(pictures, video.preview_seconds) else set()
        there = {r.name for r in previews if storage.exists(r.file)}
        if there != wanted and all(storage.exists(r.file) for r in rows if r.variant == Rendition.Variant.FULL):
            yield (
                Finding(f"the preview of {video} ({video.pk}) isn't as it should be", "cut again"),
                partial(set_preview, video=video, seconds=video.preview_seconds),
            )


def _due(at: datetime) -> Cases:
    count = PendingDeletion.objects.filter(due_at__lte=at).count()
    if count:
        yield Finding(f"{count} replaced files whose addresses have expired", "deleted"), partial(discard_due, at=at)


def _orphans(at: datetime) -> Cases:
    """Files in the storage that no row names."""
    storage = videos()
    # The files are listed before the names are: what is stored in between has a name by then.
    found = list(storage.older_than((at - UNCLAIMED_FOR).timestamp()))
    named = named_files()
    for name in found:
        if name not in named:
            yield Finding(f"stored file {name} belongs to nothing", "deleted"), partial(storage.delete, name)


def _left(at: datetime) -> Cases:
    """Pictures and course material that no row names: replaced, or stored by a process that died."""
    hours = settings.TOKEN_TTL / 3600
    for number, (storage, name) in enumerate(left_files(at=at)):
        kind = "public" if storage == row_files.PUBLIC else storage
        yield (
            Finding(f"{kind} file {name} belongs to nothing", f"deleted in {hours:g} h, when no open page shows it"),
            partial(discard_left, at=at) if number == 0 else _nothing,  # the first call takes them all
        )


def named_files() -> set[str]:
    """Every name in the storage that a row holds."""
    return needed_files() | set(PendingDeletion.objects.exclude(storage__in=SWEPT).values_list("name", flat=True))


def needed_files() -> set[str]:
    """Of these, the names of files that aren't about to be deleted."""
    names = {name for model, field in NAMING for name in model._default_manager.values_list(field, flat=True)}
    for files in Storyboard.objects.values_list("files", flat=True):
        names |= set(files)
    return names
