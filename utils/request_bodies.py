"""Bodies of requests that come slowly hold few threads, and not for long.

A thread that reads a body waits for its sender. Whoever sends a byte now and then on many connections would
hold every thread of a node, so a watch ends the reading: of each body after its time, and of the oldest one as soon
as too many are waited for. The reader then sees a broken connection, and can still answer.

What is answered before its body was read is read on for a moment: the proxy in front still sends, and a connection
that is closed under it makes it tell the client of a broken server (502) instead of the answer.
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
TAKES_REST_WITHIN = 2.0  # seconds; a proxy that has the answer closes at once
PIECE = 64 * 1024  # bytes

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


class Body:
    """The input of a WSGI request, which knows how much of it hasn't been read."""

    def __init__(self, source: Any, *, length: int) -> None:
        self._source, self._left = source, length

    def read(self, *size: int) -> bytes:
        return self._count(self._source.read(*size))

    def readline(self, *size: int) -> bytes:
        return self._count(self._source.readline(*size))

    def _count(self, piece: bytes) -> bytes:
        self._left -= len(piece)
        return bytes(piece)

    def connection(self) -> socket.socket:
        """The one on which it comes, to be closed. Raises OSError."""
        return socket.socket(fileno=os.dup(self._source.fileno()))

    def take_rest(self) -> None:
        """Forget what still comes, until who sends it has closed."""
        until = time.monotonic() + TAKES_REST_WITHIN
        with contextlib.suppress(OSError), self.connection() as connection:
            while self._left > 0 and (patience := until - time.monotonic()) > 0:
                connection.settimeout(patience)
                if not self._count(connection.recv(PIECE)):
                    break


class SlowBody(Body):
    """One that is read under the watch."""

    def __init__(self, source: Any, *, length: int, bodies: SlowBodies) -> None:
        super().__init__(source, length=length)
        self._bodies = bodies
        self.patience = PATIENCE + length / LEAST_SPEED  # seconds
        self.waited = 0.0  # seconds
        self.ended = False

    def end(self) -> None:
        """Let the reader see the end of what comes; answers still pass."""
        self.ended = True
        with contextlib.suppress(OSError), self.connection() as connection:
            connection.shutdown(socket.SHUT_RD)

    def read(self, *size: int) -> bytes:
        with self._bodies.reading(self):
            return super().read(*size)

    def readline(self, *size: int) -> bytes:
        with self._bodies.reading(self):
            return super().readline(*size)


class Answered:
    """A response whose request's body is taken to its end once it has been sent."""

    def __init__(self, response: Iterable[bytes], body: Body) -> None:
        self._response, self._body = response, body

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._response)

    def close(self) -> None:
        if close := getattr(self._response, "close", None):
            close()
        self._body.take_rest()


def watched(application: Application, *, apart_from: str) -> Application:
    """The WSGI application with its bodies under the watch, but for addresses that begin with `apart_from`,
    which look at who sends before they read and have limits of their own."""
    bodies = SlowBodies()

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        said = environ.get("CONTENT_LENGTH") or ""
        length = int(said) if said.isascii() and said.isdigit() and len(said) < 19 else 0
        source = environ.get("wsgi.input")
        if not length or not hasattr(source, "fileno"):
            return application(environ, start_response)
        if environ.get("PATH_INFO", "").startswith(apart_from):
            body = Body(source, length=length)
        else:
            body = SlowBody(source, length=length, bodies=bodies)
        environ["wsgi.input"] = body
        return Answered(application(environ, start_response), body)

    return answer
