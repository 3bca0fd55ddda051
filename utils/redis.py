"""Redis connections that fail fast during an outage: the cache is an optimization, so nothing waits for it.

A command that times out opens the process's circuit breaker; while it is open, all commands fail without being sent.
A hanging server thus costs each process one timeout every few seconds, and is used again once the breaker has closed.
Callers decide how to continue: the cache backend treats it as a miss, rate limits count
per process (`utils.ratelimit`).
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
MANY = 1_000_000  # no limit on waiting threads, since timeouts are short
breaker = Breaker("Redis", most=MANY, failures=1, rest=2.0)


class Guarded(AbstractConnection):
    """A connection guarded by the breaker."""

    _sock: Any

    def connect(self) -> None:
        if breaker.resting:
            self.disconnect()  # type: ignore[no-untyped-call]  # established before the outage, so using it would block
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
            log.warning("Redis isn't responding; continuing without it: %s", error)
            raise

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().read_response(*args, **kwargs)
        except TimeoutError:
            breaker.trip()
            raise


def guarded(kind: type[AbstractConnection]) -> type[AbstractConnection]:
    """A guarded subclass of the connection class (TCP, TLS, Unix socket)."""
    return type(f"Guarded{kind.__name__}", (Guarded, kind), {})


class GuardedPool(ConnectionPool):
    """A pool of guarded connections."""

    def __init__(self, connection_class: type[AbstractConnection] = Connection, **kwargs: Any) -> None:
        super().__init__(connection_class=guarded(connection_class), **kwargs)


@contextmanager
def held(name: str, *, seconds: float) -> Iterator[None]:
    """Hold a distributed lock during the block, for `seconds` at most; without Redis, proceed unlocked.

    Only for idempotent work.
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
            pass  # expired, or lost with the server


def answers() -> bool:
    """Whether Redis responds."""
    try:
        return bool(get_redis_connection("default").ping())
    except RedisError:
        return False
