"""Encodes a long title in chunks, on all free workers, and joins them without encoding again.

The worker that holds the video encodes chunks too, so a single worker is enough and nothing waits for the queue.
Finished chunks survive the death of a worker: the next one continues from there.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import OperationalError
from django.db.models import Avg, F
from django.utils import timezone

from apps.media.models import Chunk, Video
from apps.media.services.encoding import encode, ladder, passes
from apps.media.services.encoding.job import Job
from apps.media.services.encoding.plan import Plan
from apps.media.services.leases import CHUNK_TRIES, LeaseLost, take_chunk
from utils import typed_json
from utils.clock import Clock
from utils.databases import wait_for_locks
from utils.mediakit import ffmpeg, fmp4
from utils.mediakit.source import Source
from utils.storages import videos
from utils.tasks import enqueue_group

PAUSE = 0.3  # seconds between two checks on the other workers


@dataclass(frozen=True)
class _Task:
    """What all workers must know to encode chunks of a title; `job.json` in the folder of the chunks."""

    source: Source
    copy: bool  # whether a level is copied from the source

    @property
    def plan(self) -> Plan:
        """The plan, which is the same for all workers."""
        return ladder.plan(self.source, copy=self.copy)


def folder_of(video_id: int) -> Path:
    """The folder of a video's chunks and `job.json`."""
    return Path(settings.WORK_DIR) / f"chunks-{video_id}"


def forget(video_id: int) -> None:
    """Remove all chunks of a video."""
    Chunk.objects.filter(video_id=video_id).delete()
    shutil.rmtree(folder_of(video_id), ignore_errors=True)


def prepare(job: Job) -> None:
    """Write the task and enqueue its chunks, keeping finished chunks of an earlier worker for the same task."""
    video_id, place = job.video.pk, folder_of(job.video.pk)
    task = place / "job.json"
    text = json.dumps(typed_json.dump(_Task(job.source, job.plan.copied is not None)))
    if not (task.exists() and task.read_text() == text):
        forget(video_id)
        place.mkdir(parents=True)
        task.write_text(text)
    copy = place / job.path.name
    if job.path.parent == job.folder and not copy.exists():
        os.link(job.path, copy)  # where workers look for the copy that they would fetch
    rows = [Chunk(video_id=video_id, number=number) for number in range(len(job.plan.parts))]
    Chunk.objects.bulk_create(rows, ignore_conflicts=True)
    waiting = Chunk.objects.filter(video_id=video_id, done=False).order_by("pk").values_list("pk", flat=True)
    enqueue_group("media.encode_chunk", [{"chunk_id": pk} for pk in waiting])


def finish(job: Job, *, listener: passes.ProgressListener) -> str:
    """Encode chunks until all are done; meanwhile each level's file in the work folder grows, chunk by chunk in order.

    Returns ffmpeg's error messages. Raises ffmpeg.FFmpegError for a chunk that can't be encoded.
    """
    rows = Chunk.objects.filter(video_id=job.video.pk)
    joined = _Joined(job)

    def tick() -> None:
        listener.tick()
        listener.progress(rows.aggregate(share=Avg("progress"))["share"] or 0.0)
        joined.grow()

    while joined.count < len(job.plan.parts):
        tick()
        failed = rows.filter(failures__gte=CHUNK_TRIES).first()
        if failed:
            raise ffmpeg.FFmpegError(failed.failure_detail)
        chunk = rows.waiting(job.clock()).first()
        if chunk and encode_chunk(chunk_id=chunk.pk, on_tick=tick, clock=job.clock):
            continue
        if rows.count() != len(job.plan.parts):
            raise LeaseLost  # the rows were deleted: the job was cancelled
        time.sleep(PAUSE)
    return "".join(rows.values_list("complaints", flat=True))


class _Joined:
    """The levels of a title, joined from all finished chunks up to the first that is missing."""

    def __init__(self, job: Job) -> None:
        self.count = 0
        self._video_id = job.video.pk
        self._plan = job.plan
        self._joins = {level.name: fmp4.Join(job.file(level.name)) for level in job.plan.encoded}

    def grow(self) -> None:
        """Append finished chunks. Raises ffmpeg.Interrupted if they don't fit together; then all are encoded again."""
        done = set(Chunk.objects.filter(video_id=self._video_id, done=True).values_list("number", flat=True))
        while self.count in done:
            start = self._plan.seconds(self._plan.parts[self.count].first)
            try:
                for name, join in self._joins.items():
                    join.add(folder_of(self._video_id) / str(self.count) / f"{name}.mp4", start)
            except (fmp4.NotFragmented, FileNotFoundError) as error:
                forget(self._video_id)
                raise ffmpeg.Interrupted(f"the chunks don't fit together: {error}") from error
            self.count += 1


def encode_chunk(*, chunk_id: int, on_tick: Callable[[], None] | None = None, clock: Clock = timezone.now) -> bool:
    """Encode one chunk unless another worker does; whether it is done now.

    `on_tick` is called about once a second; an exception that it raises stops the encode.
    """
    wait_for_locks()
    lease = take_chunk(chunk_id, clock=clock)
    if lease is None:
        return False

    def tick() -> None:
        if on_tick:
            on_tick()
        lease.tick()

    chunk = Chunk.objects.select_related("video").get(pk=chunk_id)
    place = folder_of(chunk.video_id)
    folder = place / f"{chunk.number}-{lease.owner}"
    try:
        folder.mkdir()
        said = _encode(chunk.video, chunk, folder, passes.ProgressListener(lease.progress, tick))
        target = place / str(chunk.number)
        shutil.rmtree(target, ignore_errors=True)  # left by a worker that died before it could mark it as done
        folder.rename(target)
        return bool(lease.held().update(done=True, progress=1, complaints=said, lease_owner=""))
    except LeaseLost:
        lease.held().update(lease_owner="")  # if only the video was lost, its next worker needn't wait for the chunk
        if on_tick:
            on_tick()  # raises if the video was lost, and not only the chunk
        return False
    except ffmpeg.FFmpegError as error:
        lease.held().update(lease_owner="", failures=F("failures") + 1, failure_detail=str(error))
        return False
    except (OSError, ffmpeg.Interrupted, OperationalError):
        if not lease.held().update(lease_owner=""):
            return False  # its job is over
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _encode(video: Video, chunk: Chunk, folder: Path, listener: passes.ProgressListener) -> str:
    task = _task(video.pk)
    plan = task.plan
    return encode.make(
        videos().fetch(video.original, folder_of(video.pk), on_tick=listener.tick),
        task.source,
        plan,
        folder=folder,
        listener=listener,
        levels=plan.encoded,
        part=plan.parts[chunk.number],
    )


def _task(video_id: int) -> _Task:
    """The task of a video. Raises LeaseLost if an older version wrote it; its new worker will replace it."""
    try:
        return typed_json.load(_Task, json.loads((folder_of(video_id) / "job.json").read_text()))
    except typed_json.Malformed as error:
        raise LeaseLost from error
