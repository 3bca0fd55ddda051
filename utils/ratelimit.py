"""Fixed-window rate limits in Redis, shared by all nodes.

During a Redis outage each process counts separately: limits become a few times higher, and nobody is locked out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from django_redis import get_redis_connection
from redis.exceptions import RedisError

KEPT = 20_000  # counters of one process

# check all counters before incrementing any, so that a rejected attempt isn't counted
_TAKE = """
local wait = 0
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[2 * i - 1]) then
    wait = math.max(wait, redis.call('PTTL', key), 1)
  end
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  if redis.call('INCR', key) == 1 then redis.call('PEXPIRE', key, ARGV[2 * i]) end
end
return 0
"""
_GIVE_BACK = """
for _, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') > 0 then redis.call('DECR', key) end
end
"""


@dataclass(frozen=True)
class Limit:
    """At most `most` events within `seconds` of the first; `key` identifies the counter."""

    key: str
    most: int
    seconds: float


class OwnCounts:
    """In-process counters for Redis outages; beyond KEPT, the oldest are dropped."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, float]] = {}  # by key: (count, expiry by time.monotonic())
        self._lock = threading.Lock()

    def take(self, limits: Sequence[Limit]) -> float:
        """See the module function."""
        now = time.monotonic()
        with self._lock:
            found = [self._current(limit, now) for limit in limits]
            waits = [until - now for limit, (n, until) in zip(limits, found, strict=True) if n >= limit.most]
            if waits:
                return max(waits)
            for limit, (n, until) in zip(limits, found, strict=True):
                self._counts[limit.key] = n + 1, until
            while len(self._counts) > KEPT:
                del self._counts[next(iter(self._counts))]
        return 0

    def give_back(self, limits: Sequence[Limit]) -> None:
        """See the module function."""
        with self._lock:
            for limit in limits:
                n, until = self._current(limit, time.monotonic())
                if n:
                    self._counts[limit.key] = n - 1, until

    def count(self, limit: Limit) -> int:
        """See the module function."""
        with self._lock:
            return self._current(limit, time.monotonic())[0]

    def clear(self) -> None:
        """Reset all counters."""
        with self._lock:
            self._counts.clear()

    def _current(self, limit: Limit, now: float) -> tuple[int, float]:
        n, until = self._counts.get(limit.key, (0, 0.0))
        return (n, until) if until > now else (0, now + limit.seconds)


_own = OwnCounts()


def take(limits: Sequence[Limit]) -> float:
    """Count one event against all limits, or none if one is reached; returns seconds to wait, 0 if counted."""
    arguments = [part for limit in limits for part in (limit.most, round(limit.seconds * 1000))]
    try:
        return int(get_redis_connection("default").eval(_TAKE, len(limits), *_keys(limits), *arguments)) / 1000
    except RedisError:
        return _own.take(limits)


def give_back(limits: Sequence[Limit]) -> None:
    """Undo one `take`, for events that turn out not to count."""
    _own.give_back(limits)
    with suppress(RedisError):
        get_redis_connection("default").eval(_GIVE_BACK, len(limits), *_keys(limits))


def count(limit: Limit) -> int:
    """The current count: a full Redis still answers, with what it had before this process had to count by itself."""
    try:
        shared = int(get_redis_connection("default").get(*_keys([limit])) or 0)
    except RedisError:
        shared = 0
    return max(shared, _own.count(limit))


def _keys(limits: Sequence[Limit]) -> list[str]:
    return [f"limit:{limit.key}" for limit in limits]
