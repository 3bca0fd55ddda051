"""From uploaded to ready or failed, under a lease."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import OperationalError
from django.utils import timezone

from apps.media import failures, source_info
from apps.media.models import GOING, State, Video
from apps.media.services.encoding import chunks, encode, ladder, passes, storyboard, subtitles
from apps.media.services.encoding.plan import Level, Plan
from apps.media.services.ingest.adding import QUEUED_FOR, queue_again
from apps.media.services.leases import ATTEMPTS, Lease, LeaseLost, fail, release, take_video, wait_for_room
from apps.media.services.publishing.final import Results, level_row, publish, sound_rows
from apps.media.services.publishing.previews import set_preview
from apps.media.services.publishing.progressive import Growth, withdraw
from apps.media.services.storage import GivenUp, drop_arrivals
from utils.clock import Clock
from utils.databases import is_full, unless_full, wait_for_locks
from utils.mediakit import ffmpeg
from utils.mediakit.containers import bearable
from utils.mediakit.probe import probe
from utils.mediakit.refusals import Refused, damaged
from utils.storages import videos
from utils.tasks import enqueue


class _TooLong(Exception):
    """The source belongs on the queue of long work."""


def process(*, video_id: int, long: bool = False, clock: Clock = timezone.now) -> None:
    """Encode one waiting video. Called twice or at once, one call works and the others return.

    A long one is passed on to the queue of long work, unless this is it (`long`).
    """
    wait_for_locks()
    lease = take_video(video_id, clock=clock)
    if lease is None:
        return
    video = Video.objects.get(pk=video_id)
    drop_arrivals(video_id)
    if video.attempts > ATTEMPTS:
        fail(lease, "gave_up")
        withdraw(video_id, at=clock())
        return
    try:
        with _work_folder(f"job-{video_id}-{lease.owner}") as folder:
            _Job(video, lease, folder, clock).run(long=long)
    except (LeaseLost, GivenUp):
        return
    except _TooLong:
        if release(lease, until=clock() + QUEUED_FOR, attempts=video.attempts - 1):
            enqueue("media.process_long", video_id=video_id)
    except ffmpeg.Interrupted:
        release(lease, until=clock())  # the next sweep queues it again
    except Refused as error:
        fail(lease, failures.column(error.refusal), error.refusal.detail)
    except FileNotFoundError as error:
        fail(lease, "missing", str(error))
    except ffmpeg.FFmpegError as error:
        unreadable = failures.column(damaged(str(error)).refusal)
        fail(lease, unreadable if ffmpeg.UNREADABLE in str(error) else "encoding", str(error))
    except (OSError, OperationalError) as error:
        if not is_full(error):
            if isinstance(error, OperationalError):
                raise  # the lease will lapse, and another try begins
            fail(lease, "disk", str(error))
        elif video.attempts >= ATTEMPTS:
            fail(lease, "full", str(error))
        else:
            with unless_full():  # not even room to say so: the lease will lapse
                wait_for_room(lease, tries=video.attempts, at=clock(), detail=str(error))
    finally:
        if not Video.objects.filter(pk=video_id, state__in=GOING).exists():
            chunks.forget(video_id)
            withdraw(video_id, at=clock())
    _look_at_preview(video, clock)


@contextmanager
def _work_folder(name: str) -> Iterator[Path]:
    """A folder for one job. It is removed before anybody writes down what went wrong: the disk may be full."""
    folder = Path(settings.WORK_DIR) / name
    try:
        folder.mkdir(parents=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _look_at_preview(video: Video, clock: Clock) -> None:
    """Cut the preview again if its length was changed while the encode was put in place."""
    now = Video.objects.filter(pk=video.pk, state=State.READY).first()
    if now and now.preview_seconds != video.preview_seconds:
        set_preview(video=now, seconds=now.preview_seconds, clock=clock)


class _Job:
    """One attempt at one video."""

    def __init__(self, video: Video, lease: Lease[Video], folder: Path, clock: Clock) -> None:
        self.video = video
        self.lease = lease
        self.folder = folder
        self.clock = clock
        self.results = Results()
        # by what an earlier encode made: it stays until this is done
        self.watchable = video.ready_at is not None and not video.renditions.filter(progressive=True).exists()

    def run(self, *, long: bool) -> None:
        path = Path(videos().path(self.video.original))
        self.source = probe(path, on_tick=self.lease.tick)
        self.lease.held().update(source_info=source_info.column(self.source))
        plan = ladder.plan(self.source)
        if len(plan.parts) > 1 and not long:
            raise _TooLong
        if self._spoiled(path, plan):
            # It could be copied but not decoded without complaint: players are less patient than ffmpeg.
            self.results = Results()
            shutil.rmtree(self.folder)  # nothing of it may be taken for what is made now
            self.folder.mkdir()
            self._passes(path, ladder.plan(self.source, copy=False))

    def _spoiled(self, path: Path, plan: Plan) -> bool:
        """Make everything; whether a copy in it is no good. Raises ffmpeg.FFmpegError if there is no copy."""
        try:
            return bool(self._passes(path, plan))
        except ffmpeg.FFmpegError:
            if not plan.copied:
                raise
            return True

    def _passes(self, path: Path, plan: Plan) -> str:
        """What needs no encoding, then all levels in one pass; what ffmpeg complained about if that spoils a copy."""
        chunked = bool(plan.encoded) and len(plan.parts) > 1
        if chunked:
            chunks.prepare(self.video.pk, self.source, plan)
        self.results.texts = subtitles.convert(path, self.source, folder=self.folder, on_tick=self.lease.tick)
        converted = [track for track, _path in self.results.texts]
        self.lease.held().update(source_info=source_info.column(self.source, converted=converted))
        if plan.copied or chunked:
            # The sound of chunks is whole, so that it has no seams; others begin with the picture meanwhile.
            self._make(path, plan, [plan.copied] if plan.copied else [], sound=True)
        if plan.copied and plan.encoded and not self.watchable:
            publish(self.video, self.lease, self.source, plan, self.results, self.folder, self.clock, done=False)
            self.watchable = True
        said = ""
        if plan.encoded:
            said = self._encode(path, plan, sound=not (plan.copied or chunked))
        said += self._pictures(plan)
        if not (plan.copied and said):
            publish(self.video, self.lease, self.source, plan, self.results, self.folder, self.clock, done=True)
            return ""
        return said

    def _encode(self, path: Path, plan: Plan, *, sound: bool) -> str:
        """Every level that is encoded, watched as it grows if there is nothing else to watch."""
        listener = self._listener(0.98)
        if not self.watchable:
            growth = Growth(self.video, self.lease, self.source, plan, self.results, self.folder, self.clock)
            listener = passes.ProgressListener(listener.progress, growth.look)
        if len(plan.parts) == 1:
            return self._make(path, plan, plan.encoded, sound=sound, listener=listener)
        said = chunks.finish(self.video.pk, plan, folder=self.folder, listener=listener, clock=self.clock)
        self._take(plan, plan.encoded, sound=False)
        return said

    def _make(
        self,
        path: Path,
        plan: Plan,
        levels: list[Level],
        *,
        sound: bool,
        listener: passes.ProgressListener | None = None,
    ) -> str:
        said = encode.make(
            path,
            self.source,
            plan,
            folder=self.folder,
            listener=listener or self._listener(),
            levels=levels,
            sound=sound,
        )
        self._take(plan, levels, sound=sound)
        return said

    def _take(self, plan: Plan, levels: list[Level], *, sound: bool) -> None:
        """Rows of what was made. Raises Refused if that is nothing or ends long before the source does."""
        try:
            pictures = [level_row(self.video, level, plan, self.folder) for level in levels]
        except ffmpeg.FFmpegError as error:
            raise damaged(str(error)) from error
        end = self.source.video.end
        for row in pictures:
            if end - row.duration > bearable(row.duration):
                at = row.duration
                raise damaged(f"no picture after {at:.1f} of {end:.1f} s", at_seconds=at)
        self.results.add(pictures + (sound_rows(self.video, self.source, self.folder) if sound else []))

    def _pictures(self, plan: Plan) -> str:
        """Storyboard and thumbnail, from the smallest and the largest level; what ffmpeg complained about."""
        tick, tiles = self.lease.tick, storyboard.tiles_of(self.source)
        smallest = plan.levels[-1]
        sheets, said = storyboard.make(
            self._made(smallest), tiles, folder=self.folder, on_tick=tick, strict=smallest == plan.copied
        )
        moment = storyboard.best_moment(sheets, tiles, self.source.video.end)
        self.results.tiles, self.results.sheets = tiles, sheets
        self.results.thumbnail = storyboard.thumbnail(
            self._made(plan.levels[0]), moment, folder=self.folder, on_tick=tick
        )
        return said

    def _made(self, level: Level) -> Path:
        """Where a level lies: in the storage, if it was published."""
        stored = next(row.file for row in self.results.renditions if row.name == level.name)
        return Path(videos().path(stored)) if stored else self.folder / f"{level.name}.mp4"

    def _listener(self, share: float = 0.0) -> passes.ProgressListener:
        """Reports a pass that is `share` of the whole job."""
        return passes.ProgressListener(lambda done: self.lease.progress(share * done), self.lease.tick)


def retry(*, video_id: int, at: datetime) -> bool:
    """Queue once more what failed, is finished or waits for room; False if it's waiting or being encoded already."""
    return queue_again(video_id=video_id, states=[State.FAILED, State.READY, State.NO_ROOM], at=at)


def cancel(*, video_id: int, at: datetime) -> bool:
    """Stop what waits or is being encoded; its worker notices within seconds. False if there was nothing to stop."""
    stopped = Video.objects.filter(pk=video_id, state__in=GOING).update(
        state=State.FAILED, failure="cancelled", failure_detail="", lease_owner="", lease_until=None
    )
    if stopped:
        chunks.forget(video_id)  # so that those who help with one stop too
    withdraw(video_id, at=at)
    return bool(stopped)
