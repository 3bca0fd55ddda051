"""A long title is encoded in chunks, by whichever workers are free, and joined without encoding again.

The worker that holds the video takes chunks too, so one worker is enough and none waits for a place on the
queue. What is done stays done when a worker dies: the next one goes on from there.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Avg, F
from django.utils import timezone

from apps.media import encode, ladder
from apps.media.models import Chunk, Video
from apps.media.services.leases import LEASE, RENEW_EVERY, LeaseLost
from utils import cmaf, ffmpeg
from utils.storages import videos
from utils.tasks import enqueue_group

STAGES = ("first", "rest")  # the smallest rung, to be watched early; then all others in one pass
TRIES = 2  # of one chunk, before its title fails
PAUSE = 0.3  # seconds between two looks at what others do


def rungs_of(plan: ladder.Plan, stage: str) -> list[ladder.Rung]:
    return plan.encoded[-1:] if stage == "first" else plan.encoded[:-1]


def folder_of(video_id: int) -> Path:
    """Where the chunks of a video lie, and the plan they are made by."""
    return Path(settings.WORK_DIR) / f"chunks-{video_id}"


def forget(video_id: int) -> None:
    """Remove the chunks of a video that is done with."""
    Chunk.objects.filter(video_id=video_id).delete()
    shutil.rmtree(folder_of(video_id), ignore_errors=True)


def prepare(video_id: int, probed: dict[str, Any], plan: ladder.Plan) -> None:
    """Write down what is to be done, unless an earlier worker has, and call all workers of the queue to it."""
    job = folder_of(video_id) / "job.json"
    text = json.dumps({"probed": probed, "copy": plan.copied is not None})
    if not (job.exists() and job.read_text() == text):
        forget(video_id)
        job.parent.mkdir(parents=True)
        job.write_text(text)
    Chunk.objects.bulk_create(
        [
            Chunk(video_id=video_id, stage=stage, number=number)
            for stage in STAGES
            if rungs_of(plan, stage)
            for number in range(len(plan.parts))
        ],
        ignore_conflicts=True,
    )
    waiting = Chunk.objects.filter(video_id=video_id, done=False).order_by("pk").values_list("pk", flat=True)
    enqueue_group("media.encode_chunk", [{"chunk_id": pk} for pk in waiting])


def finish(video_id: int, plan: ladder.Plan, stage: str, *, folder: Path, watch: encode.Watch) -> str:
    """Work on the chunks until all are done, then join them into `<rung>.mp4` in `folder`.

    Returns what ffmpeg complained about. Raises ffmpeg.FFmpegError for a chunk that can't be encoded.
    """
    rows = Chunk.objects.filter(video_id=video_id, stage=stage)

    def tick() -> None:
        watch.tick()
        watch.progress(rows.aggregate(share=Avg("progress"))["share"] or 0.0)

    while rows.filter(done=False).exists():
        tick()
        failed = rows.filter(failures__gte=TRIES).first()
        if failed:
            raise ffmpeg.FFmpegError(failed.failure_detail)
        chunk = rows.waiting(timezone.now()).first()
        if not (chunk and encode_chunk(chunk_id=chunk.pk, on_tick=tick)):
            time.sleep(PAUSE)
    if rows.count() != len(plan.parts):
        raise LeaseLost  # forgotten: somebody cancelled the job
    starts = [plan.seconds(part.first) for part in plan.parts]
    for rung in rungs_of(plan, stage):
        files = [folder_of(video_id) / f"{stage}-{number}" / f"{rung.name}.mp4" for number in range(len(starts))]
        try:
            cmaf.join(files, starts, folder / f"{rung.name}.mp4")
        except (cmaf.NotFragmented, FileNotFoundError) as error:
            forget(video_id)
            raise ffmpeg.Interrupted(f"the chunks don't fit together: {error}") from error
        watch.tick()
    return "".join(rows.values_list("complaints", flat=True))


@dataclass
class _Hold:
    """A worker's hold on a chunk."""

    chunk: Chunk
    owner: str
    on_tick: Callable[[], None] | None
    share: float = 0.0
    renewed: float = 0.0

    def rows(self) -> Any:
        return Chunk.objects.filter(pk=self.chunk.pk, lease_owner=self.owner, done=False)

    def tick(self) -> None:
        if self.on_tick:
            self.on_tick()
        if time.monotonic() - self.renewed >= RENEW_EVERY.total_seconds():
            self.renewed = time.monotonic()
            if not self.rows().update(lease_until=timezone.now() + LEASE, progress=self.share):
                raise LeaseLost

    def progress(self, share: float) -> None:
        self.share = share


def encode_chunk(*, chunk_id: int, on_tick: Callable[[], None] | None = None) -> bool:
    """Encode one chunk, if nobody else does. `on_tick` is called every second and may raise to stop it."""
    owner, now = secrets.token_hex(8), timezone.now()
    mine = Chunk.objects.waiting(now).filter(pk=chunk_id, failures__lt=TRIES)
    if not mine.update(lease_owner=owner, lease_until=now + LEASE):
        return False
    chunk = Chunk.objects.select_related("video").get(pk=chunk_id)
    hold = _Hold(chunk, owner, on_tick, renewed=time.monotonic())
    place = folder_of(chunk.video_id)
    folder = place / f"{chunk.stage}-{chunk.number}-{owner}"
    try:
        folder.mkdir()
        said = _encode(chunk.video, chunk, folder, hold)
        target = place / f"{chunk.stage}-{chunk.number}"
        shutil.rmtree(target, ignore_errors=True)  # of a worker that died before it could say so
        folder.rename(target)
        return bool(hold.rows().update(done=True, progress=1, complaints=said, lease_owner=""))
    except LeaseLost:
        if on_tick:
            on_tick()  # raises if it was the video, and not only the chunk, that was lost
        return False
    except ffmpeg.FFmpegError as error:
        hold.rows().update(lease_owner="", failures=F("failures") + 1, failure_detail=str(error))
        return False
    except (OSError, ffmpeg.Interrupted):
        if not hold.rows().update(lease_owner=""):
            return False  # its job is over
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _encode(video: Video, chunk: Chunk, folder: Path, hold: _Hold) -> str:
    job = json.loads((folder.parent / "job.json").read_text())
    plan = ladder.plan(job["probed"], copy=job["copy"])
    return encode.make(
        Path(videos().path(video.original)),
        job["probed"],
        plan,
        folder=folder,
        watch=encode.Watch(hold.progress, hold.tick),
        rungs=rungs_of(plan, chunk.stage),
        part=plan.parts[chunk.number],
    )
