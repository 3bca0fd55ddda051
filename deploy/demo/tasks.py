"""The demo's task; a production site doesn't register it."""

from __future__ import annotations

from typing import Any

from celery import shared_task


@shared_task(name="demo.make_video", soft_time_limit=3600, time_limit=3660)
def make_video(*, episode_id: int, small: bool = False, **_: Any) -> None:
    # Imports numpy, which would cost memory in every process that only needs the task's name.
    from deploy.demo import services

    services.make_video(episode_id=episode_id, small=small)
