"""A title can be watched while it is encoded: its smallest level and its audio, as far as they are made.

Their files in the storage grow with those in the work folder.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from django.db import transaction
from PIL import Image, ImageStat

from apps.media.models import Rendition, State, Video
from apps.media.services.encoding import audio, ladder, storyboard
from apps.media.services.encoding.job import Job
from apps.media.services.leases import LeaseLost
from apps.media.services.publishing.previews import cut_previews, length_of, preview_end
from apps.media.services.publishing.publication import (
    Columns,
    Publication,
    measured,
    replace_renditions,
    save_thumbnail,
    switch,
)
from apps.media.services.publishing.tracks import audio_rows, level_row, store, subtitle_rows
from apps.media.services.storage import Arrivals
from utils.mediakit import ffmpeg
from utils.storages import videos
from utils.tasks import enqueue

LOOK_EVERY = 2.0  # seconds between two looks at what was made, and
LOOK_SHARE = 20  # times as long as the last look took
LEAST = 2.0 * ladder.SEGMENT  # seconds of film to begin with
TRUSTED = 0.8  # of the pace so far, in what is foreseen from it
SHOWS = 8  # levels of grey by which the points of a picture differ from their mean if it shows anything


class ProgressivePublisher:
    """Publishes what there is of a running encode, again and again. For a title that can't be watched otherwise."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._began = time.monotonic()
        self._next = 0.0
        self._published = False
        self._thumbnail_from = 0.0  # seconds of film from which a thumbnail is looked for
        # of an encode whose worker died: nobody who watches that is thrown back
        before = job.video.renditions.filter(
            kind=Rendition.Kind.VIDEO, variant=Rendition.Variant.FULL, progressive=True
        ).first()
        self._ahead = before.duration if before else 0.0

    def tick(self) -> None:
        """Publish what was made since the last time, once the encode is sure to stay ahead of a viewer.

        Renews the lease. Raises LeaseLost, GivenUp.
        """
        self._job.lease.tick()
        now = time.monotonic()
        if now < self._next:
            return
        rows = self._rows()
        if rows and self._worth_it(rows, now - self._began):
            try:
                self._publish(rows)
                self._show(rows[0])
            except videos().unavailable:  # the encode continues, and the next look tries again
                if not self._published:
                    self._job.results.partial.clear()
        took = time.monotonic() - now
        self._next = now + max(LOOK_EVERY, LOOK_SHARE * took)

    def _rows(self) -> list[Rendition]:
        """Unsaved rows of the tracks as far as they are made; none while one of them has no segment yet."""
        job = self._job
        try:
            picture = level_row(job, job.plan.encoded[-1])
        except ffmpeg.FFmpegError:
            return []
        heard = audio_rows(job)
        return [picture, *heard] if len(heard) == len(audio.tracks(job.source)) else []

    def _worth_it(self, rows: list[Rendition], took: float) -> bool:
        """Whether there is more than was published; at first, enough for the encode to stay ahead of a viewer."""
        if self._published:
            return rows[0].size > self._job.results.partial[rows[0].name][1]
        there, length = min(row.duration for row in rows), self._job.source.duration
        pace = TRUSTED * there / max(took, 0.1)
        return there >= max(LEAST, (1 - pace) * length, self._ahead)

    def _publish(self, rows: list[Rendition]) -> None:
        job = self._job
        with Arrivals(job.video, clock=job.clock, on_tick=job.lease.tick) as arrivals:
            for row in rows:
                row.progressive = True
                row.file = self._store(row, arrivals)
            previews = self._previews(rows, arrivals)
            publication = Publication(
                columns=self._columns(rows, previews),
                renditions=[*rows, *previews],
                replaced=partial(self._replaced, previews),
                subtitles=subtitle_rows(job, arrivals),
                announced=not self._published,
            )
            switch(job, publication, arrivals)
        job.results.partial = {row.name: (row.file, row.size) for row in rows}
        job.results.texts = []
        self._published = True

    def _store(self, row: Rendition, arrivals: Arrivals) -> str:
        results = self._job.results
        if row.name not in results.partial:
            results.partial[row.name] = arrivals.begin(self._job.file(row.name).suffix), 0
        return store(self._job, row, arrivals)

    def _previews(self, rows: list[Rendition], arrivals: Arrivals) -> list[Rendition]:
        """The previews, once there is enough to cut them as long as they will be."""
        video = self._job.video
        wanted = Video.objects.values_list("preview_seconds", flat=True).get(pk=video.pk)
        cut_already = self._published and video.renditions.filter(variant=Rendition.Variant.PREVIEW).exists()
        if not wanted or cut_already or preview_end(rows[:1], wanted) < wanted:
            return []
        return cut_previews(rows, wanted, arrivals=arrivals, only=rows)

    def _columns(self, rows: list[Rendition], previews: list[Rendition]) -> Columns:
        video = self._job.video
        columns: Columns = {"has_audio": len(rows) > 1}
        if not self._published:
            video.duration, video.ready_at = self._job.source.duration, self._job.clock()
            columns |= measured(self._job)
            columns |= {"duration": video.duration, "ready_at": video.ready_at}
        if previews or not self._published:
            columns["preview_duration"] = length_of(previews)
        return columns

    def _replaced(self, previews: list[Rendition]) -> list[Rendition]:
        """Rows of an earlier encode at first; later the previews of before, if there are new ones."""
        rows = self._job.video.renditions.defer("segments")
        if not self._published:
            return list(rows)
        return list(rows.filter(variant=Rendition.Variant.PREVIEW)) if previews else []

    def _show(self, picture: Rendition) -> None:
        """Give a video without a thumbnail one of what there is; none yet while all of that is dark."""
        video = self._job.video
        if video.thumbnail or picture.duration < self._thumbnail_from:
            return
        self._thumbnail_from = 2 * picture.duration
        made = self._thumbnail(picture)
        if made is None:
            return
        save_thumbnail(video, made)
        if not self._job.lease.held().update(thumbnail=video.thumbnail.name):
            raise LeaseLost
        enqueue("catalogue.video_ready", video_id=video.pk)

    def _thumbnail(self, picture: Rendition) -> Path | None:
        """A frame of what was published so far; None if that shows nothing."""
        folder, tick = self._job.folder / f"beginning-{picture.size}", self._job.lease.tick
        folder.mkdir(exist_ok=True)
        level = videos().fetch(picture.file, folder, on_tick=tick)
        tiles = storyboard.tiles_of(replace(self._job.source, duration=picture.duration))
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


def withdraw(video_id: int, *, at: datetime) -> None:
    """Remove the beginning of a title whose encode has failed: its end will never come."""
    with transaction.atomic():
        video = Video.objects.select_for_update().filter(pk=video_id, state=State.FAILED).first()
        if video and video.renditions.filter(progressive=True).exists():
            replace_renditions(video, [], video.renditions.defer("segments"), at=at)
            Video.objects.filter(pk=video_id).update(ready_at=None, preview_duration=0)
            enqueue("catalogue.video_ready", video_id=video_id)
