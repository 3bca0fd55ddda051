"""Previews: the first segments of each rendition, in files of their own."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import transaction

from apps.media import hls
from apps.media.models import Rendition, Video
from utils.storages import videos
from utils.tasks import enqueue


def set_preview(*, video: Video, seconds: int) -> None:
    """Make the preview `seconds` long (0: none), from the renditions there are; done once encoding is."""
    Video.objects.filter(pk=video.pk).update(preview_seconds=seconds)
    video.preview_seconds = seconds
    rows = list(video.renditions.filter(cut=Rendition.Cut.FULL))
    if not rows:
        return
    fresh = cut_previews(rows, seconds) if seconds else []
    with transaction.atomic():
        Video.objects.select_for_update().get(pk=video.pk)
        old = list(video.renditions.filter(cut=Rendition.Cut.PREVIEW))
        video.renditions.filter(cut=Rendition.Cut.PREVIEW).delete()
        Rendition.objects.bulk_create(fresh)
        discard_later([row.file for row in old])


def discard_later(names: list[str]) -> None:
    """Delete stored files once the last token that names them has expired."""
    if names:
        enqueue("media.discard", names=names, countdown=2 * settings.TOKEN_TTL)


def discard(*, names: list[str]) -> None:
    """Delete stored files; one that is gone already is no error."""
    for name in names:
        videos().delete(name)


def cut_previews(rows: list[Rendition], seconds: int) -> list[Rendition]:
    """Unsaved preview rows for full renditions; their files are stored already.

    A preview ends with the segment that holds its last second, and always before the title's end.
    """
    storage = videos()
    Path(settings.WORK_DIR).mkdir(parents=True, exist_ok=True)
    found = []
    with TemporaryDirectory(dir=settings.WORK_DIR, prefix="preview-") as folder:
        for row in rows:
            table, until = [], 0.0
            for segment in row.segments:
                if until >= seconds or until + segment[2] > max(row.duration - 0.5, 0):
                    break
                table.append(segment)
                until += segment[2]
            table = table or row.segments[:1]
            end = table[-1][0] + table[-1][1]
            part = Path(folder) / f"{row.name}.mp4"
            with storage.open(row.file) as source, part.open("wb") as target:
                left = end
                while left and (chunk := source.read(min(left, 1024 * 1024))):
                    target.write(chunk)
                    left -= len(chunk)
            bandwidth, average = hls.bandwidths(table)
            found.append(
                Rendition(
                    video=row.video,
                    kind=row.kind,
                    cut=Rendition.Cut.PREVIEW,
                    name=row.name,
                    file=storage.adopt(part, suffix=".mp4"),
                    size=end,
                    codecs=row.codecs,
                    width=row.width,
                    height=row.height,
                    frame_rate=row.frame_rate,
                    channels=row.channels,
                    language=row.language,
                    label=row.label,
                    bandwidth=bandwidth,
                    average_bandwidth=average,
                    duration=sum(s for _, _, s in table),
                    init_length=row.init_length,
                    segments=table,
                )
            )
    return found
