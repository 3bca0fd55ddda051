"""The queue "media": long work, one job a worker."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from apps.media import services


@shared_task(name="media.process")
def process(*, video_id: int, **_: Any) -> None:
    services.process(video_id=video_id)


@shared_task(name="media.resume_lapsed")
def resume_lapsed(**_: Any) -> None:
    services.resume_lapsed()


@shared_task(name="media.discard")
def discard(*, names: list[str], **_: Any) -> None:
    services.discard(names=names)


@shared_task(name="media.finish_upload")
def finish_upload(*, upload_id: str, **_: Any) -> None:
    services.finish_upload(upload_id=upload_id)


@shared_task(name="media.look_after_uploads")
def look_after_uploads(**_: Any) -> None:
    services.look_after_uploads()
