"""Protection against slow request bodies (slowloris).

A thread that reads a body waits for the client. Trickling bytes on many connections could block every thread of a
node, so a watchdog ends reads: of each body after its deadline, and of the oldest one when too many are pending. The
reader then sees a closed connection, and can still respond.

If the response is sent before the body was read, the rest is drained for a moment: the proxy in front is still
sending, and closing its connection would make it report 502 instead of the response.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

PATIENCE = 15.0  # seconds of waiting allowed for a body of any size
LEAST_SPEED = 64 * 1024  # bytes a second, minimum speed of larger bodies
SLOW_AT_ONCE = 6  # slow bodies per process
SLOW_AFTER = 0.03  # seconds; bodies that arrive with the request are read sooner
LOOKS_EVERY = 0.02  # seconds
DRAIN_WITHIN = 2.0  # seconds; a proxy closes once it has the response
PIECE = 64 * 1024  # bytes

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class SlowBodies:
    """The bodies that this process is waiting for, with a watchdog thread."""

    def __init__(self) -> None:
        self._waiting: dict[SlowBody, float] = {}  # start of the wait by time.monotonic(), oldest first
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._watch: int = 0  # pid of the process that runs the watchdog; a fork has none

    @contextlib.contextmanager
    def reading(self, body: SlowBody) -> Iterator[None]:
        """Register `body` while a thread waits for it."""
        with self._lock:
            self._waiting[body] = time.monotonic()
            if self._watch != os.getpid():
                self._watch = os.getpid()
                threading.Thread(target=self._watchdog, daemon=True, name="slow-bodies").start()
            self._changed.notify()
        try:
            yield
        finally:
            # under the lock: after the request its descriptor may belong to another connection
            with self._lock:
                body.waited += time.monotonic() - self._waiting.pop(body)

    def _watchdog(self) -> None:
        while True:
            with self._lock:
                while not self._waiting:
                    self._changed.wait()
                self._end_overdue(time.monotonic())
            time.sleep(LOOKS_EVERY)

    def _end_overdue(self, now: float) -> None:
        slow = [body for body, since in self._waiting.items() if now - since >= SLOW_AFTER and not body.ended]
        too_many = slow[: max(0, len(slow) - SLOW_AT_ONCE)]
        for body in slow:
            if body in too_many or body.waited + now - self._waiting[body] >= body.patience:
                body.end()


class Body:
    """A wrapper of wsgi.input that tracks the unread length."""

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
        """A duplicate of the connection's socket, to be closed by the caller. Raises OSError."""
        return socket.socket(fileno=os.dup(self._source.fileno()))

    def drain(self) -> None:
        """Drain the rest of the body until the peer closes or the time is up."""
        until = time.monotonic() + DRAIN_WITHIN
        with contextlib.suppress(OSError), self.connection() as connection:
            while self._left > 0 and (patience := until - time.monotonic()) > 0:
                connection.settimeout(patience)
                if not self._count(connection.recv(PIECE)):
                    break


class SlowBody(Body):
    """A body read under the watchdog."""

    def __init__(self, source: Any, *, length: int, bodies: SlowBodies) -> None:
        super().__init__(source, length=length)
        self._bodies = bodies
        self.patience = PATIENCE + length / LEAST_SPEED  # seconds
        self.waited = 0.0  # seconds
        self.ended = False

    def end(self) -> None:
        """End reading; the response can still be sent."""
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
    """A response that drains the request body after it was sent."""

    def __init__(self, response: Iterable[bytes], body: Body) -> None:
        self._response, self._body = response, body

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._response)

    def close(self) -> None:
        if close := getattr(self._response, "close", None):
            close()
        self._body.drain()


def limit_slow_bodies(application: Application, *, exempt: str) -> Application:
    """Wrap the WSGI application. Paths that begin with `exempt` authorize before reading and aren't watched."""
    bodies = SlowBodies()

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        said = environ.get("CONTENT_LENGTH") or ""
        length = int(said) if said.isascii() and said.isdigit() and len(said) < 19 else 0
        source = environ.get("wsgi.input")
        if not length or not hasattr(source, "fileno"):
            return application(environ, start_response)
        if environ.get("PATH_INFO", "").startswith(exempt):
            body = Body(source, length=length)
        else:
            body = SlowBody(source, length=length, bodies=bodies)
        environ["wsgi.input"] = body
        return Answered(application(environ, start_response), body)

    return answer
