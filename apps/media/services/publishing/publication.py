"""The switch from what is watched to what was made: new rows take the place of old ones in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypedDict

from django.core.files import File
from django.db import transaction

from apps.media.models import Rendition, Storyboard, Subtitle, Video
from apps.media.services.encoding.job import Job
from apps.media.services.leases import LeaseLost
from apps.media.services.storage import Arrivals, discard_later, discard_replaced
from utils import typed_json
from utils.tasks import enqueue


class Columns(TypedDict, total=False):
    """Columns of a video that publishing writes."""

    width: int  # pixels as shown
    height: int
    frame_rate: float
    chapters: typed_json.Json
    duration: float  # seconds
    has_audio: bool
    preview_duration: float  # seconds
    thumbnail: str | None
    state: str
    progress: float
    lease_owner: str
    lease_until: datetime | None
    ready_at: datetime


@dataclass
class Publication:
    """What is to be published at once: unsaved rows whose files are stored, and the rows they replace.

    `replaced` is called inside the transaction, once the video's row is locked: previews may be cut at the same time.
    """

    columns: Columns
    renditions: list[Rendition]
    replaced: Callable[[], Iterable[Rendition]]
    subtitles: list[Subtitle] = field(default_factory=list)  # none: those of before stay
    storyboard: Storyboard | None = None  # None: that of before stays
    announced: bool = True  # tell the catalogue


def measured(job: Job) -> Columns:
    """What a video's row says about its source, whatever was made of it so far."""
    width, height = job.source.video.shown_size()
    chapters = typed_json.dump(job.source.chapters)
    return {"width": width, "height": height, "frame_rate": float(job.plan.rate), "chapters": chapters}


def switch(job: Job, publication: Publication, arrivals: Arrivals) -> None:
    """Write everything, and have the replaced files deleted later. Raises LeaseLost, GivenUp."""
    video, at = job.video, job.clock()
    thumbnail = Video.objects.values_list("thumbnail", flat=True).get(pk=video.pk)
    with transaction.atomic():
        if not job.lease.held().update(**publication.columns):
            raise LeaseLost
        arrivals.settle()
        if thumbnail and "thumbnail" in publication.columns:
            discard_replaced([thumbnail], at=at)
        replace_renditions(video, publication.renditions, publication.replaced(), at=at)
        if publication.storyboard:
            _replace_storyboard(video, publication.storyboard, at)
        if publication.subtitles:
            _replace_subtitles(video, publication.subtitles, at)
        if publication.announced:
            enqueue("catalogue.video_ready", video_id=video.pk)


def save_thumbnail(video: Video, made: Path) -> None:
    """Store a new thumbnail and set it on `video`, not on its row."""
    with made.open("rb") as file:
        video.thumbnail.save(f"{secrets.token_hex(8)}.jpg", File(file), save=False)


def replace_renditions(video: Video, fresh: list[Rendition], replaced: Iterable[Rendition], *, at: datetime) -> None:
    """Save rows in place of others, whose files are deleted later. Earlier rows of the same files are deleted too."""
    files = {row.pk: row.file for row in replaced}
    discard_later(files.values(), video=video, at=at)
    video.renditions.filter(pk__in=files).delete()
    video.renditions.filter(file__in=[row.file for row in fresh]).delete()
    Rendition.objects.bulk_create(fresh)


def _replace_storyboard(video: Video, storyboard: Storyboard, at: datetime) -> None:
    old = Storyboard.objects.filter(video=video).first()
    if old:
        discard_later(old.files, video=video, at=at)
        old.delete()
    storyboard.save()


def _replace_subtitles(video: Video, subtitles: list[Subtitle], at: datetime) -> None:
    """Replace all subtitles. One of the same language and label keeps its address: players may be showing it."""
    before = {(row.language, row.label): row for row in Subtitle.objects.filter(video=video)}
    discard_later([row.file for row in before.values()], video=video, at=at)
    for row in subtitles:
        row.pk = getattr(before.pop((row.language, row.label), None), "pk", None)
        row.save()
    for row in before.values():
        row.delete()
