"""Bodies of requests that come slowly hold few threads, and not for long.

A thread that reads a body waits for its sender. Whoever sends a byte now and then on many connections would
hold every thread of a node, so the waiting ends: for each body after its time, and for the oldest one as soon
as too many are waited for. The reader then sees a broken connection, and can still answer.

What is answered before its body was read is read on for a moment: the proxy in front still sends, and a connection
that is closed under it makes it tell the client of a broken server (502) instead of the answer.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket
import struct
import termios
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


class TooSlow(OSError):
    """The body comes too slowly to be waited for."""


class SlowBodies:
    """The bodies that this process is waiting for."""

    def __init__(self) -> None:
        self._waiting: dict[SlowBody, float] = {}  # by when its reader began to wait, oldest first
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def waiting(self, body: SlowBody) -> Iterator[None]:
        """For as long as a thread waits for `body`."""
        with self._lock:
            self._waiting[body] = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                body.waited += time.monotonic() - self._waiting.pop(body)

    def is_over(self, body: SlowBody) -> bool:
        """Whether nobody waits any longer for `body`, which is being waited for."""
        now = time.monotonic()
        with self._lock:
            slow = [other for other, since in self._waiting.items() if now - since >= SLOW_AFTER]
            waited = body.waited + now - self._waiting[body]
        return waited >= body.patience or body in slow[:-SLOW_AT_ONCE]


class Body:
    """The input of a WSGI request, which knows how much of it hasn't been read."""

    def __init__(self, source: Any, *, length: int) -> None:
        self._source, self._left = source, length

    def read(self, size: int = -1) -> bytes:
        return self._count(self._source.read(size if size >= 0 else self._left))

    def readline(self, size: int = -1) -> bytes:
        """As files have it. Nothing here reads lines, so that it may be slow."""
        line = b""
        while not line.endswith(b"\n") and len(line) != size and (piece := self.read(1)):
            line += piece
        return line

    def _count(self, piece: bytes) -> bytes:
        self._left -= len(piece)
        return bytes(piece)

    def take_rest(self) -> None:
        """Forget what still comes, until who sends it has closed."""
        until = time.monotonic() + TAKES_REST_WITHIN
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._source.fileno())) as connection:
            while self._left > 0 and (patience := until - time.monotonic()) > 0:
                connection.settimeout(patience)
                if not self._count(connection.recv(PIECE)):
                    break


class SlowBody(Body):
    """One whose reader waits for a limited time."""

    def __init__(self, source: Any, *, length: int, bodies: SlowBodies) -> None:
        super().__init__(source, length=length)
        self._bodies = bodies
        self.patience = PATIENCE + length / LEAST_SPEED  # seconds
        self.waited = 0.0  # seconds

    def read(self, size: int = -1) -> bytes:
        """As many bytes as there are up to `size`. Raises OSError where they don't come."""
        wanted = min(size, self._left) if size >= 0 else self._left
        pieces = []
        while wanted > 0:
            # uWSGI waits until all that it is asked for is there; so it is asked for what is there
            piece = super().read(min(wanted, self._arrived()))
            if not piece:
                break
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def _arrived(self) -> int:
        """How many bytes can be read at once, 1 where the connection has ended. Raises TooSlow."""
        connection = self._source.fileno()
        waits = select.poll()
        waits.register(connection, select.POLLIN)
        if not waits.poll(0):
            with self._bodies.waiting(self):
                while not waits.poll(LOOKS_EVERY * 1000):
                    if self._bodies.is_over(self):
                        raise TooSlow("The body comes too slowly.")
        (arrived,) = struct.unpack("i", fcntl.ioctl(connection, termios.FIONREAD, bytes(4)))
        return max(1, int(arrived))


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
