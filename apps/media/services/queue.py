"""The way onto the queue of encodes: for a new video, one that failed, and one that is to be encoded again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from apps.media.models import State, Video
from utils.tasks import enqueue

QUEUED_FOR = timedelta(seconds=30)  # after that a waiting video is queued again if the queue is empty: it was lost


def queue_again(*, video_id: int, states: Collection[State], at: datetime) -> bool:
    """Queue a video that is in one of `states`, its attempts counted from 0; False if it's in none of them."""
    moved = Video.objects.filter(pk=video_id, state__in=states).update(
        state=State.UPLOADED, attempts=0, progress=0, lease_until=at + QUEUED_FOR
    )
    if moved:
        enqueue("media.process", video_id=video_id)
    return bool(moved)


def retry(*, video_id: int, at: datetime) -> bool:
    """Queue a video that failed, is ready or waits for room; False if it's waiting or being encoded already."""
    return queue_again(video_id=video_id, states=[State.FAILED, State.READY, State.NO_ROOM], at=at)
