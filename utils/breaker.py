"""A per-process bulkhead and circuit breaker for calls to external services."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Unavailable(Exception):
    """The call was not made: the circuit is open, or too many threads are waiting."""


class Breaker:
    """Limits concurrent calls to one service to `most`, and stops calls for a while after failures.

    After `failures` in a row the circuit opens for `rest` seconds; then a single trial call closes it on success.
    State is per process: a hanging service costs each at most `most` threads for `failures` timeouts.
    """

    def __init__(self, name: str, *, most: int, failures: int = 3, rest: float = 15.0) -> None:
        self.name, self._most, self._failures, self._rest = name, most, failures, rest
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Close the circuit and clear all counts."""
        self._inside = self._failed = 0
        self._rests_until = 0.0  # by time.monotonic()

    @property
    def resting(self) -> bool:
        """Whether the circuit is open."""
        return self._failed >= self._failures and time.monotonic() < self._rests_until

    def trip(self) -> None:
        """Record a failure observed outside `calling`."""
        self._count(failed=True)

    @contextmanager
    def calling(self, *faults: type[Exception]) -> Iterator[None]:
        """Wrap a call; exceptions in `faults` count as failures, all others as a response. Raises Unavailable."""
        self._enter()
        try:
            yield
        except faults:
            self._count(failed=True)
            raise
        except Exception:  # the service responded; the exception came from processing the response
            self._count(failed=False)
            raise
        else:
            self._count(failed=False)
        finally:
            with self._lock:
                self._inside = max(0, self._inside - 1)

    def _enter(self) -> None:
        with self._lock:
            now = time.monotonic()
            if self._failed >= self._failures:
                if now < self._rests_until:
                    raise Unavailable(f"{self.name} isn't responding.")
                self._rests_until = now + self._rest  # this is the trial call; others stay rejected until it ends
            if self._inside >= self._most:
                raise Unavailable(f"{self.name} already has {self._inside} pending calls.")
            self._inside += 1

    def _count(self, *, failed: bool) -> None:
        with self._lock:
            self._failed = self._failed + 1 if failed else 0
            if failed:
                self._rests_until = time.monotonic() + self._rest
