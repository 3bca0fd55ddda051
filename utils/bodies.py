"""Bodies of requests that come slowly hold few threads, and not for long.

A thread that reads a body waits for its sender. Whoever sends a byte now and then on many connections would
hold every thread of a node, so a watch ends the reading: of each body after its time, and of the oldest one as soon
as too many are waited for. The reader then sees a broken connection, and can still answer.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

PATIENCE = 15.0  # seconds that a body may keep its reader waiting, whatever its size
LEAST_SPEED = 64 * 1024  # bytes a second that a larger one must come with
SLOW_AT_ONCE = 6  # bodies that a process waits for at the same time
SLOW_AFTER = 0.03  # seconds; what comes with its request is read sooner
LOOKS_EVERY = 0.02  # seconds

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class SlowBodies:
    """The bodies that this process is waiting for."""

    def __init__(self) -> None:
        self._waiting: dict[SlowBody, float] = {}  # by when its reader began to wait, oldest first
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._watch: int = 0  # the process whose thread looks after them: a fork has none

    @contextlib.contextmanager
    def reading(self, body: SlowBody) -> Iterator[None]:
        """For as long as a thread waits for `body`."""
        with self._lock:
            self._waiting[body] = time.monotonic()
            if self._watch != os.getpid():
                self._watch = os.getpid()
                threading.Thread(target=self._look_after, daemon=True, name="slow-bodies").start()
            self._changed.notify()
        try:
            yield
        finally:
            # Under the lock: once the request has ended its descriptor may be another connection's.
            with self._lock:
                body.waited += time.monotonic() - self._waiting.pop(body)

    def _look_after(self) -> None:
        while True:
            with self._lock:
                while not self._waiting:
                    self._changed.wait()
                self._end_what_is_due(time.monotonic())
            time.sleep(LOOKS_EVERY)

    def _end_what_is_due(self, now: float) -> None:
        slow = [body for body, since in self._waiting.items() if now - since >= SLOW_AFTER and not body.ended]
        too_many = slow[: max(0, len(slow) - SLOW_AT_ONCE)]
        for body in slow:
            if body in too_many or body.waited + now - self._waiting[body] >= body.patience:
                body.end()


class SlowBody:
    """The input of a WSGI request, read under the watch."""

    def __init__(self, source: Any, *, length: int, bodies: SlowBodies) -> None:
        self._source, self._bodies = source, bodies
        self.patience = PATIENCE + length / LEAST_SPEED  # seconds
        self.waited = 0.0  # seconds
        self.ended = False

    def end(self) -> None:
        """Let the reader see the end of what comes; answers still pass."""
        self.ended = True
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._source.fileno())) as connection:
            connection.shutdown(socket.SHUT_RD)

    def read(self, *size: int) -> bytes:
        with self._bodies.reading(self):
            return bytes(self._source.read(*size))

    def readline(self, *size: int) -> bytes:
        with self._bodies.reading(self):
            return bytes(self._source.readline(*size))


def watched(application: Application, *, apart_from: str) -> Application:
    """The WSGI application with its bodies under the watch, but for addresses that begin with `apart_from`,
    which look at who sends before they read and have limits of their own."""
    bodies = SlowBodies()

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        said = environ.get("CONTENT_LENGTH") or ""
        length = int(said) if said.isascii() and said.isdigit() and len(said) < 19 else 0
        source = environ.get("wsgi.input")
        if length and hasattr(source, "fileno") and not environ.get("PATH_INFO", "").startswith(apart_from):
            environ["wsgi.input"] = SlowBody(source, length=length, bodies=bodies)
        return application(environ, start_response)

    return answer
