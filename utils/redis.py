"""Connections to Redis that fail at once while it is away: the cache makes things quicker, nothing waits for it.

A command that isn't answered in time opens the process's breaker; until it has rested, every other one fails
without being sent. So a server that hangs costs each process one time-out every few seconds, and one that is back
is used again as soon as the breaker has rested. Who asks says what goes on without an answer: the cache backend
finds and keeps nothing, counts go by the process's own (see `utils.ratelimit`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django_redis import get_redis_connection
from redis.connection import AbstractConnection, Connection, ConnectionPool
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import LockError, RedisError, TimeoutError

from utils.breaker import Breaker, Unavailable

log = logging.getLogger(__name__)
MANY = 1_000_000  # threads may wait at once: not for long
breaker = Breaker("Redis", most=MANY, failures=1, rest=2.0)


class Guarded(AbstractConnection):
    """A connection behind the breaker."""

    _sock: Any

    def connect(self) -> None:
        if breaker.resting:
            self.disconnect()  # type: ignore[no-untyped-call]  # it stood before the fault, and would be waited for
        super().connect()  # type: ignore[no-untyped-call]

    def connect_check_health(self, *args: Any, **kwargs: Any) -> None:
        if self._sock:
            return
        try:
            with breaker.calling(Unreachable, TimeoutError):
                super().connect_check_health(*args, **kwargs)
        except Unavailable as error:
            raise Unreachable(str(error)) from error
        except (Unreachable, TimeoutError) as error:
            log.warning("Redis doesn't answer; pages are made without it: %s", error)
            raise

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().read_response(*args, **kwargs)
        except TimeoutError:
            breaker.trip()
            raise


def guarded(kind: type[AbstractConnection]) -> type[AbstractConnection]:
    """That kind of connection (TCP, TLS, Unix socket), behind the breaker."""
    return type(f"Guarded{kind.__name__}", (Guarded, kind), {})


class GuardedPool(ConnectionPool):
    """A pool of guarded connections of whatever kind the address says."""

    def __init__(self, connection_class: type[AbstractConnection] = Connection, **kwargs: Any) -> None:
        super().__init__(connection_class=guarded(connection_class), **kwargs)


@contextmanager
def held(name: str, *, seconds: float) -> Iterator[None]:
    """Hold a lock of that name over the block, for `seconds` at most; without Redis there is none to hold.

    Only for what does no harm twice.
    """
    lock = get_redis_connection("default").lock(name, timeout=seconds)
    try:
        lock.acquire()
    except RedisError:
        yield
        return
    try:
        yield
    finally:
        try:
            lock.release()
        except (LockError, RedisError):
            pass  # it ran out, or is gone with the server


def answers() -> bool:
    """Whether Redis takes commands just now."""
    try:
        return bool(get_redis_connection("default").ping())
    except RedisError:
        return False
