"""Celery beat's scheduler with a single holder: of several beats one schedules, and the others wait to take over.

The holder keeps a lock in Redis, which expires HELD_FOR seconds after it dies; one that ends in order releases it. A
lock that was lost (Redis was flushed, or the process was frozen) is noticed before the next task is sent.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from celery.beat import PersistentScheduler
from django_redis import get_redis_connection
from redis.exceptions import LockError, RedisError

from utils import request_ids

NAME = "beat"
HELD_FOR = 15.0  # seconds
RENEWED_EVERY = 3.0  # seconds
ASKED_EVERY = 1.0  # seconds, by beats that wait

logger = logging.getLogger(__name__)


class SingleScheduler(PersistentScheduler):
    """Schedules only while it holds the lock."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._lock = get_redis_connection("default").lock(NAME, timeout=HELD_FOR, thread_local=False)
        self._holds: bool | None = None  # None: not known yet
        self._renewed_at = 0.0  # time.monotonic
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; returns the seconds until the next call."""
        if not self._is_holder():
            return ASKED_EVERY
        return min(super().tick(*args, **kwargs), RENEWED_EVERY)

    def apply_entry(self, *args: Any, **kwargs: Any) -> None:
        """Send a task; its id is in this process's lines about it, too."""
        with request_ids.continued(""):
            super().apply_entry(*args, **kwargs)

    def close(self) -> None:
        try:
            self._lock.release()
        except (LockError, RedisError):
            pass  # never held, lost, or lost with the server
        super().close()

    def _is_holder(self) -> bool:
        """Whether this process holds the lock; takes or renews it."""
        if self._holds and time.monotonic() - self._renewed_at < RENEWED_EVERY:
            return True
        asked_at = time.monotonic()
        try:
            holds = self._renew() or bool(self._lock.acquire(blocking=False))
        except RedisError as error:
            logger.warning("Redis isn't responding; nothing is scheduled: %s", error)
            self._renewed_at = 0.0  # ask again before anything is sent; the lock may still be there
            return False
        if holds:
            self._renewed_at = asked_at
        if holds != self._holds:
            logger.warning("This beat schedules" if holds else "Another beat schedules; this one waits to take over")
        self._holds = holds
        return holds

    def _renew(self) -> bool:
        if not self._holds:
            return False
        try:
            return bool(self._lock.reacquire())
        except LockError:  # it expired, or was deleted
            return False
