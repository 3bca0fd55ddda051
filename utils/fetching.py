"""HTTP requests with a deadline for the whole response.

A socket timeout restarts with each byte, so a server that trickles bytes could block the client forever.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, cast


class TooLarge(ValueError):
    """The response is larger than allowed."""


def fetch(address: str, *, seconds: float, largest: int) -> bytes:
    """The body of the response to a GET, at most `largest` bytes.

    Raises OSError, of which TimeoutError is one, http.client.HTTPException, and TooLarge.
    """
    with _Clock(seconds).ticking() as clock:
        opener = urllib.request.build_opener(_Http(clock), _Https(clock))
        with opener.open(address, timeout=seconds) as answer:
            found: bytes = answer.read(largest + 1)
            missing = answer.length
    if len(found) > largest:
        raise TooLarge(f"more than {largest} bytes")
    if missing:  # read(n) doesn't report a truncated body
        raise http.client.IncompleteRead(found, missing)
    return found


class _Clock:
    """Shuts connections down at the deadline."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._timers: list[threading.Timer] = []

    def watch(self, connection: socket.socket) -> None:
        timer = threading.Timer(max(0.0, self._until - time.monotonic()), _cut, [connection])
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

    @contextmanager
    def ticking(self) -> Iterator[_Clock]:
        """Raise TimeoutError if the deadline passed, whatever error the cut connection caused."""
        try:
            yield self
        except (OSError, http.client.HTTPException) as error:
            self._check(error)
            raise
        else:
            self._check(None)
        finally:
            for timer in self._timers:
                timer.cancel()

    def _check(self, error: Exception | None) -> None:
        if time.monotonic() >= self._until:
            raise TimeoutError("The response took too long.") from error


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # closed already
        connection.shutdown(socket.SHUT_RDWR)


class _Connection(http.client.HTTPConnection):
    def __init__(self, *args: Any, clock: _Clock, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clock = clock

    def connect(self) -> None:
        super().connect()
        self._clock.watch(self.sock)


class _SecureConnection(_Connection, http.client.HTTPSConnection):
    """Watched after the TLS handshake, which has a single timeout of its own."""


class _Http(urllib.request.HTTPHandler):
    def __init__(self, clock: _Clock) -> None:
        super().__init__()
        self._clock = clock

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(cast("Any", partial(_Connection, clock=self._clock)), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, clock: _Clock) -> None:
        super().__init__()
        self._clock = clock

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(cast("Any", partial(_SecureConnection, clock=self._clock)), req)
