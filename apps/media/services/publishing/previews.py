"""Previews: the first segments of each rendition, in files of their own."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.media import hls
from apps.media.models import Rendition, Segment, Video
from apps.media.services.publishing.publication import replace_renditions
from apps.media.services.storage import Arrivals, GivenUp
from utils.clock import Clock
from utils.storages import videos

KEPT_BACK = 0.25  # share of a title that no preview shows, whatever its length
ALIGNED = 0.2  # seconds by which the segments of sound and picture may differ


def set_preview(*, video: Video, seconds: int, clock: Clock = timezone.now) -> None:
    """Make the preview `seconds` long (0: none), from the renditions there are; done once encoding is."""
    Video.objects.filter(pk=video.pk).update(preview_seconds=seconds)
    video.preview_seconds = seconds
    while not _recut(video, seconds, clock):
        continue


def _recut(video: Video, seconds: int, clock: Clock) -> bool:
    """False if an encode replaced the renditions meanwhile, or deleted the files that were just cut."""
    rows = list(video.renditions.filter(variant=Rendition.Variant.FULL))
    try:
        with Arrivals(video, clock=clock) as arrivals:
            fresh = cut_previews(rows, seconds, arrivals=arrivals, only=rows)
            with transaction.atomic():
                locked = Video.objects.select_for_update().get(pk=video.pk)
                now = set(video.renditions.filter(variant=Rendition.Variant.FULL).values_list("file", flat=True))
                if now == {row.file for row in rows} and locked.preview_seconds == seconds:
                    arrivals.settle()
                    old = video.renditions.filter(variant=Rendition.Variant.PREVIEW)
                    replace_renditions(locked, fresh, old.defer("segments"), at=clock())
                    Video.objects.filter(pk=video.pk).update(preview_duration=length_of(fresh))
                    return True
    except GivenUp:
        pass  # an encode that began meanwhile took them for what a dead worker left
    except FileNotFoundError:
        if video.renditions.filter(file__in=[row.file for row in rows]).count() == len(rows):
            raise  # not replaced: gone
    # somebody asked for another length meanwhile: theirs is the last word
    return not Video.objects.filter(pk=video.pk, preview_seconds=seconds).exists()


def length_of(previews: list[Rendition]) -> float:
    """Seconds of picture in a preview; 0 where there is none."""
    return max((row.duration for row in previews if row.kind == Rendition.Kind.VIDEO), default=0.0)


def preview_end(pictures: list[Rendition], seconds: int) -> float:
    """When a preview of about `seconds` ends: with the segment that holds its last second.

    KEPT_BACK of the title, and so a whole segment at least, stays out. 0 where no preview is that short.
    """
    end = 0.0
    for row in pictures[:1]:  # levels share their cuts
        most = (1 - KEPT_BACK) * row.duration
        segments: list[Segment] = row.segments
        for _offset, _length, length in segments:
            if end >= seconds or end + length > most:
                break
            end += length
    return end


def cut_previews(rows: list[Rendition], seconds: int, *, arrivals: Arrivals, only: list[Rendition]) -> list[Rendition]:
    """Unsaved preview rows for `only` some of the full renditions `rows`, their files placed by `arrivals`.

    None for `seconds` 0 and for a title too short.
    """
    end = preview_end([row for row in rows if row.kind == Rendition.Kind.VIDEO], seconds) if seconds else 0.0
    if not end:
        return []
    Path(settings.WORK_DIR).mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=settings.WORK_DIR, prefix="preview-") as folder:
        return [_cut(row, end, Path(folder) / f"{row.name}.mp4", arrivals) for row in only]


def _cut(row: Rendition, end: float, part: Path, arrivals: Arrivals) -> Rendition:
    """The preview row of a rendition: its segments that begin before `end` are copied to `part`, which is stored."""
    segments: list[Segment] = row.segments
    table, until = [], 0.0
    for segment in segments:
        if until > end - ALIGNED:
            break
        table.append(segment)
        until += segment[2]
    size = table[-1][0] + table[-1][1]
    with videos().open(row.file) as source, part.open("wb") as target:
        left = size
        while left and (chunk := source.read(min(left, 1024 * 1024))):
            target.write(chunk)
            left -= len(chunk)
    bandwidth, average = hls.bandwidths(table)
    return Rendition(
        video=row.video,
        kind=row.kind,
        variant=Rendition.Variant.PREVIEW,
        name=row.name,
        file=arrivals.place(part),
        size=size,
        codecs=row.codecs,
        width=row.width,
        height=row.height,
        frame_rate=row.frame_rate,
        channels=row.channels,
        language=row.language,
        label=row.label,
        bandwidth=bandwidth,
        average_bandwidth=average,
        duration=until,
        init_length=row.init_length,
        segments=table,
    )
