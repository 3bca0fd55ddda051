"""The queues "media" and "media_long": encoding, one job per worker; jobs are held by leases."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from apps.media import services as media

# ffmpeg has its own limits; these end a task that hangs elsewhere. Its lease then expires and the job is requeued.
DAY: dict[str, Any] = {"soft_time_limit": 24 * 3600, "time_limit": 24 * 3600 + 60}
HOUR: dict[str, Any] = {"soft_time_limit": 3600, "time_limit": 3660}


@shared_task(name="media.process", **DAY)
def process(*, video_id: int, **_: Any) -> None:
    media.process(video_id=video_id, clock=timezone.now)


@shared_task(name="media.process_long", **DAY)
def process_long(*, video_id: int, **_: Any) -> None:
    media.process(video_id=video_id, long=True, clock=timezone.now)


@shared_task(name="media.encode_chunk", **HOUR)
def encode_chunk(*, chunk_id: int, **_: Any) -> None:
    media.encode_chunk(chunk_id=chunk_id, clock=timezone.now)


@shared_task(name="media.finish_large_upload", **DAY)
def finish_large_upload(*, upload_id: str, **_: Any) -> None:
    media.finish_upload(upload_id=upload_id, clock=timezone.now)
