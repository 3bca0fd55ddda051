"""Counts in Redis, shared by every node: so many of a thing in so long, then wait.

While Redis is away each process counts by itself: guesses stay limited, to a few times as many, and nobody is shut out.
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

# All counters are looked at before any is raised, so a refused attempt costs nobody anything.
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
    """At most `most` in `seconds` from the first; `key` names what is counted."""

    key: str
    most: int
    seconds: float


class OwnCounts:
    """The counters of this process, for as long as Redis is away; of too many the oldest go."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, float]] = {}  # by key: how many, and until when by time.monotonic()
        self._lock = threading.Lock()

    def take(self, limits: Sequence[Limit]) -> float:
        """As the function of that name."""
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
        """As the function of that name."""
        with self._lock:
            for limit in limits:
                n, until = self._current(limit, time.monotonic())
                if n:
                    self._counts[limit.key] = n - 1, until

    def count(self, limit: Limit) -> int:
        """As the function of that name."""
        with self._lock:
            return self._current(limit, time.monotonic())[0]

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._counts.clear()

    def _current(self, limit: Limit, now: float) -> tuple[int, float]:
        n, until = self._counts.get(limit.key, (0, 0.0))
        return (n, until) if until > now else (0, now + limit.seconds)


_own = OwnCounts()


def take(limits: Sequence[Limit]) -> float:
    """Count one against every limit, or none where one is reached: seconds to wait, 0 when counted."""
    arguments = [part for limit in limits for part in (limit.most, round(limit.seconds * 1000))]
    try:
        return int(get_redis_connection("default").eval(_TAKE, len(limits), *_keys(limits), *arguments)) / 1000
    except RedisError:
        return _own.take(limits)


def give_back(limits: Sequence[Limit]) -> None:
    """Undo one `take`: it turned out not to be what the limits are for."""
    _own.give_back(limits)
    with suppress(RedisError):
        get_redis_connection("default").eval(_GIVE_BACK, len(limits), *_keys(limits))


def count(limit: Limit) -> int:
    """How many were counted against the limit and still are."""
    try:
        return int(get_redis_connection("default").get(*_keys([limit])) or 0)
    except RedisError:
        return _own.count(limit)


def _keys(limits: Sequence[Limit]) -> list[str]:
    return [f"limit:{limit.key}" for limit in limits]
