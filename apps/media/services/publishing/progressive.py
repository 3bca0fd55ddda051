"""A title is watched while it is encoded: its smallest level and its sound, as far as they are made.

Their files in the storage grow with those in the work folder.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction
from django.db.models import QuerySet
from PIL import Image, ImageStat

from apps.media.models import Rendition, State, Video
from apps.media.services.encoding import audio, ladder, storyboard
from apps.media.services.encoding.plan import Plan
from apps.media.services.leases import Lease, LeaseLost
from apps.media.services.publishing.final import (
    Results,
    level_row,
    measured,
    replace_texts,
    sound_rows,
    store,
    text_rows,
)
from apps.media.services.publishing.previews import cut_previews, length_of, preview_end
from apps.media.services.storage import Arrivals, discard_later
from utils.clock import Clock
from utils.mediakit import ffmpeg
from utils.mediakit.source import Source
from utils.storages import videos
from utils.tasks import enqueue

LOOK_EVERY = 2.0  # seconds between two looks at what was made, and
LOOK_SHARE = 20  # times as long as the last look took
LEAST = 2.0 * ladder.SEGMENT  # seconds of film to begin with
TRUSTED = 0.8  # of the pace so far, in what is foreseen from it
SHOWS = 8  # levels of grey by which the points of a picture differ from their mean if it shows anything


class Growth:
    """What is published of one encode while it goes on. For a title that can't be watched otherwise."""

    def __init__(
        self,
        video: Video,
        lease: Lease[Video],
        source: Source,
        plan: Plan,
        results: Results,
        folder: Path,
        clock: Clock,
    ) -> None:
        self._video = video
        self._lease = lease
        self._source = source
        self._plan = plan
        self._results = results
        self._folder = folder
        self._clock = clock
        self._began = time.monotonic()
        self._next = 0.0
        self._published = False
        self._thumbnail_from = 0.0  # seconds of film from which a thumbnail is looked for
        # of an encode whose worker died: nobody who watches that is thrown back
        before = video.renditions.filter(
            kind=Rendition.Kind.VIDEO, variant=Rendition.Variant.FULL, progressive=True
        ).first()
        self._ahead = before.duration if before else 0.0

    def look(self) -> None:
        """Publish what was made since the last look, once nobody who begins to watch will be faster than the encode.

        Renews the lease. Raises LeaseLost.
        """
        self._lease.tick()
        now = time.monotonic()
        if now < self._next:
            return
        rows = self._rows()
        if rows and self._worth_it(rows, now - self._began):
            self._publish(rows)
            self._show(rows[0])
        took = time.monotonic() - now
        self._next = now + max(LOOK_EVERY, LOOK_SHARE * took)

    def _rows(self) -> list[Rendition]:
        """Unsaved rows of all that grows, as far as it is made; none while a track has nothing yet."""
        try:
            picture = level_row(self._video, self._plan.encoded[-1], self._plan, self._folder)
        except ffmpeg.FFmpegError:
            return []
        heard = sound_rows(self._video, self._source, self._folder)
        return [picture, *heard] if len(heard) == len(audio.tracks(self._source)) else []

    def _worth_it(self, rows: list[Rendition], took: float) -> bool:
        """Whether there is more than was published; at first, enough for the encode to stay ahead of who begins."""
        if self._published:
            return rows[0].size > self._results.grown[rows[0].name][1]
        there, length = min(row.duration for row in rows), self._source.duration
        pace = TRUSTED * there / max(took, 0.1)
        return there >= max(LEAST, (1 - pace) * length, self._ahead)

    def _publish(self, rows: list[Rendition]) -> None:
        with Arrivals(self._video, clock=self._clock) as arrivals:
            for row in rows:
                row.progressive = True
                row.file = self._store(row, arrivals)
            previews = self._previews(rows, arrivals)
            texts = text_rows(self._video, self._results, arrivals)
            with transaction.atomic():
                self._save(rows, previews)
                arrivals.settle()
                if texts:
                    replace_texts(self._video, texts, self._clock())
        self._results.grown = {row.name: (row.file, row.size) for row in rows}
        self._published = True
        self._results.texts = []

    def _store(self, row: Rendition, arrivals: Arrivals) -> str:
        if row.name not in self._results.grown:
            beginning = self._folder / f"beginning-{row.name}.mp4"
            beginning.touch()
            self._results.grown[row.name] = arrivals.place(beginning), 0
        return store(row, self._results, arrivals, self._folder)

    def _previews(self, rows: list[Rendition], arrivals: Arrivals) -> list[Rendition]:
        """The previews, once there is enough to cut them as long as they will be."""
        asked = Video.objects.values_list("preview_seconds", flat=True).get(pk=self._video.pk)
        cut_already = self._published and self._video.renditions.filter(variant=Rendition.Variant.PREVIEW).exists()
        if not asked or cut_already or preview_end(rows[:1], asked) < asked:
            return []
        return cut_previews(rows, asked, arrivals=arrivals, only=rows)

    def _show(self, picture: Rendition) -> None:
        """Give a video that has no thumbnail one of what there is, until it is whole; of a dark beginning none yet."""
        if self._video.thumbnail or picture.duration < self._thumbnail_from:
            return
        self._thumbnail_from = 2 * picture.duration
        thumbnail = self._thumbnail(picture)
        if thumbnail is None:
            return
        with thumbnail.open("rb") as file:
            self._video.thumbnail.save(f"{secrets.token_hex(8)}.jpg", File(file), save=False)
        if not self._lease.held().update(thumbnail=self._video.thumbnail.name):
            raise LeaseLost
        enqueue("catalogue.video_ready", video_id=self._video.pk)

    def _thumbnail(self, picture: Rendition) -> Path | None:
        """A picture of what was published so far; None if that shows nothing."""
        folder = self._folder / "beginning"
        folder.mkdir(exist_ok=True)
        tick = self._lease.tick
        level = Path(videos().path(picture.file))
        tiles = storyboard.tiles_of(replace(self._source, duration=picture.duration))
        try:
            sheets, _ = storyboard.make(level, tiles, folder=folder, on_tick=tick, strict=False)
            moment = storyboard.best_moment(sheets, tiles, picture.duration)
            thumbnail = storyboard.thumbnail(level, moment, folder=folder, on_tick=tick)
        except ffmpeg.FFmpegError:
            return None  # what is wrong with it is found out at the end
        if thumbnail is None:
            return None
        with Image.open(thumbnail) as opened:
            return thumbnail if ImageStat.Stat(opened.convert("L")).stddev[0] >= SHOWS else None

    def _save(self, rows: list[Rendition], previews: list[Rendition]) -> None:
        """Write rows in place of those of before. Raises LeaseLost."""
        values: dict[str, Any] = {"has_audio": len(rows) > 1}
        going = (
            self._video.renditions.filter(variant=Rendition.Variant.PREVIEW) if previews else Rendition.objects.none()
        )
        if not self._published:
            self._video.duration, self._video.ready_at = self._source.duration, self._clock()
            values |= measured(self._source, self._plan)
            values |= {"duration": self._video.duration, "ready_at": self._video.ready_at}
            going = self._video.renditions.all()
            enqueue("catalogue.video_ready", video_id=self._video.pk)
        if previews or not self._published:
            values["preview_duration"] = length_of(previews)
        if not self._lease.held().update(**values):
            raise LeaseLost
        _remove(going, self._video, self._clock())
        Rendition.objects.filter(file__in=[row.file for row in rows]).delete()
        Rendition.objects.bulk_create([*rows, *previews])


def _remove(going: QuerySet[Rendition], video: Video, at: datetime) -> None:
    files = dict(going.values_list("pk", "file"))
    discard_later(files.values(), video=video, at=at)
    Rendition.objects.filter(pk__in=files).delete()


def withdraw(video_id: int, *, at: datetime) -> None:
    """Take the beginning of a title away whose encode has ended: its end will never come."""
    with transaction.atomic():
        video = Video.objects.select_for_update().filter(pk=video_id, state=State.FAILED).first()
        if video and video.renditions.filter(progressive=True).exists():
            _remove(video.renditions.all(), video, at)
            Video.objects.filter(pk=video_id).update(ready_at=None, preview_duration=0)
            enqueue("catalogue.video_ready", video_id=video_id)
