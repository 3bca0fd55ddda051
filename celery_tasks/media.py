"""The queues "media" and "media_long": encoding, one job a worker; and what looks after it, on the default queue."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from apps.media import services


@shared_task(name="media.process")
def process(*, video_id: int, **_: Any) -> None:
    services.process(video_id=video_id)


@shared_task(name="media.process_long")
def process_long(*, video_id: int, **_: Any) -> None:
    services.process(video_id=video_id, long=True)


@shared_task(name="media.encode_chunk")
def encode_chunk(*, chunk_id: int, **_: Any) -> None:
    services.encode_chunk(chunk_id=chunk_id)


@shared_task(name="media.resume_lapsed")
def resume_lapsed(**_: Any) -> None:
    services.resume_lapsed()


@shared_task(name="media.finish_upload")
def finish_upload(*, upload_id: str, **_: Any) -> None:
    services.finish_upload(upload_id=upload_id)


@shared_task(name="media.look_after_uploads")
def look_after_uploads(**_: Any) -> None:
    services.look_after_uploads()


@shared_task(name="media.discard_due")
def discard_due(**_: Any) -> None:
    services.discard_due(at=timezone.now())


@shared_task(name="media.discard_pictures")
def discard_pictures(**_: Any) -> None:
    services.discard_pictures(at=timezone.now())
