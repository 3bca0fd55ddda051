"""The films of the demo catalogue, on the default queue beside the encoding of those already made."""

from __future__ import annotations

from typing import Any

from celery import shared_task


@shared_task(name="demo.make_video")
def make_video(*, episode_id: int, small: bool = False, **_: Any) -> None:
    from apps.demo import services  # with what it paints with: too much for every process that only knows the name

    services.make_video(episode_id=episode_id, small=small)
