"""Waiting for foreign servers with few threads: a bulkhead and a circuit breaker, of one process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Unavailable(Exception):
    """The server wasn't asked: it failed a moment ago, or enough threads wait for it already."""


class Breaker:
    """Lets `most` threads wait for one foreign server at once, and none for a while after it failed.

    After `failures` in a row it rests for `rest` seconds; then a single call tries, and its success lets all in again.
    Nothing is shared between processes: what hangs costs each of them `most` threads, for `failures` time-outs.
    """

    def __init__(self, name: str, *, most: int, failures: int = 3, rest: float = 15.0) -> None:
        self.name, self._most, self._failures, self._rest = name, most, failures, rest
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget what was seen of the server."""
        self._inside = self._failed = 0
        self._rests_until = 0.0  # by time.monotonic()

    @property
    def resting(self) -> bool:
        """Whether calls are refused, for what was seen of the server."""
        return self._failed >= self._failures and time.monotonic() < self._rests_until

    def trip(self) -> None:
        """Note a failure that was seen outside `calling`."""
        self._count(failed=True)

    @contextmanager
    def calling(self, *faults: type[Exception]) -> Iterator[None]:
        """Around a call; any of `faults` means trouble, everything else that the server answers. Raises Unavailable."""
        self._enter()
        try:
            yield
        except faults:
            self._count(failed=True)
            raise
        except Exception:  # the server answered: what the caller makes of it says nothing against it
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
                    raise Unavailable(f"{self.name} doesn't answer.")
                self._rests_until = now + self._rest  # this call tries; the others wait for how it ends
            if self._inside >= self._most:
                raise Unavailable(f"{self.name} is being waited for by {self._inside} others.")
            self._inside += 1

    def _count(self, *, failed: bool) -> None:
        with self._lock:
            self._failed = self._failed + 1 if failed else 0
            if failed:
                self._rests_until = time.monotonic() + self._rest
