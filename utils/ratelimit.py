"""Counts in Redis, shared by every node: so many of a thing in so long, then wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django_redis import get_redis_connection

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


def take(limits: Sequence[Limit]) -> float:
    """Count one against every limit, or none where one is reached: seconds to wait, 0 when counted."""
    arguments = [part for limit in limits for part in (limit.most, round(limit.seconds * 1000))]
    waits = get_redis_connection("default").eval(_TAKE, len(limits), *_keys(limits), *arguments)
    return int(waits) / 1000


def give_back(limits: Sequence[Limit]) -> None:
    """Undo one `take`: it turned out not to be what the limits are for."""
    get_redis_connection("default").eval(_GIVE_BACK, len(limits), *_keys(limits))


def count(limit: Limit) -> int:
    """How many were counted against the limit and still are."""
    return int(get_redis_connection("default").get(*_keys([limit])) or 0)


def _keys(limits: Sequence[Limit]) -> list[str]:
    return [f"limit:{limit.key}" for limit in limits]
