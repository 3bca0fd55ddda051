"""Begins and ends an encode: from queued to ready or failed, under a lease."""

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
from apps.media.models import ACTIVE, State, Video
from apps.media.services.encoding import chunks, ladder
from apps.media.services.encoding.job import Job
from apps.media.services.encoding.title import encode_title
from apps.media.services.leases import ATTEMPTS, Lease, LeaseLost, fail, put_aside, release, take_video
from apps.media.services.publishing.previews import set_preview
from apps.media.services.publishing.progressive import withdraw
from apps.media.services.queue import QUEUED_FOR
from apps.media.services.storage import GivenUp, drop_arrivals
from utils.clock import Clock
from utils.databases import is_full, unless_full, wait_for_locks
from utils.mediakit import ffmpeg
from utils.mediakit.probe import probe
from utils.mediakit.refusals import Refused, damaged
from utils.storages import is_unavailable, videos
from utils.tasks import enqueue


class _TooLong(Exception):
    """The source belongs on the queue of long work."""


def process(*, video_id: int, long: bool = False, clock: Clock = timezone.now) -> None:
    """Encode one queued video. Of concurrent calls one encodes and the others return.

    A long video is moved to the queue of long work, unless this is it (`long`).
    """
    wait_for_locks()
    lease = take_video(video_id, clock=clock)
    if lease is None:
        return
    video = Video.objects.get(pk=video_id)
    if video.attempts > ATTEMPTS:
        fail(lease, "gave_up")
        withdraw(video_id, at=clock())
        return
    try:
        drop_arrivals(video_id)
        with _work_folder(f"job-{video_id}-{lease.owner}") as folder:
            encode_title(_begin(video, lease, folder, clock, long=long))
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
        away = is_unavailable(error)
        if not away and not is_full(error):
            if isinstance(error, OperationalError):
                raise  # the lease will lapse, and another try begins
            fail(lease, "disk", str(error))
        elif video.attempts >= ATTEMPTS:
            fail(lease, "storage" if away else "full", str(error))
        else:
            failure = "no_storage" if away else "no_room"
            with unless_full():  # not even room to say so: the lease will lapse
                put_aside(lease, failure, tries=video.attempts, at=clock(), detail=str(error))
    finally:
        if not Video.objects.filter(pk=video_id, state__in=ACTIVE).exists():
            chunks.forget(video_id)
            withdraw(video_id, at=clock())
    _look_at_preview(video, clock)


def _begin(video: Video, lease: Lease[Video], folder: Path, clock: Clock, *, long: bool) -> Job:
    """Probe the source and plan what is made of it. Raises Refused, and _TooLong."""
    path = videos().fetch(video.original, folder, on_tick=lease.tick)
    source = probe(path, on_tick=lease.tick)
    lease.held().update(source_info=source_info.column(source))
    plan = ladder.plan(source)
    if len(plan.parts) > 1 and not long:
        raise _TooLong
    return Job(video, lease, path, source, plan, folder, clock)


@contextmanager
def _work_folder(name: str) -> Iterator[Path]:
    """A folder for one job. It is removed before an error is written to the database: the disk may be full."""
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


def cancel(*, video_id: int, at: datetime) -> bool:
    """Stop a queued or running encode; its worker notices within seconds. False if there was none."""
    stopped = Video.objects.filter(pk=video_id, state__in=ACTIVE).update(
        state=State.FAILED, failure="cancelled", failure_detail="", lease_owner="", lease_until=None
    )
    if stopped:
        chunks.forget(video_id)  # so that workers that encode chunks stop too
    withdraw(video_id, at=at)
    return bool(stopped)
