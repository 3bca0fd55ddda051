"""A server of the double: connections, requests and replies, and everything that can go wrong with them.

Written from FastDFS's own sources (tracker/tracker_proto.h, storage/storage_service.c), not from utils/fastdfs: a fault
in how that reads the protocol must not be repeated here.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

PIECE = 64 * 1024  # bytes
BUFFER = 256 * 1024  # of a request: refused when that much of it is there
ENOENT, EEXIST, EINVAL, ENOSPC = 2, 17, 22, 28
ACTIVE_TEST, QUIT = 111, 82


class Refused(Exception):
    """Answer with a status."""

    def __init__(self, status: int) -> None:
        self.status = status


class Broken(Exception):
    """The connection ended."""


@dataclass(frozen=True)
class Faults:
    """What a server does wrong. Counts of bytes are of one request or one reply, header included."""

    cut_request_at: int | None = None  # reset the connection after so many bytes came
    cut_reply_at: int | None = None  # close it after so many were sent
    bytes_per_second: int | None = None  # of replies
    length_off_by: int = 0  # the length in a reply's header
    reply: bytes | None = None  # sent instead of every reply
    status: int | None = None  # answered to every request
    commands: frozenset[int] | None = None  # only in these
    times: int | None = None  # so often, then never again


@dataclass
class Request:
    """One request while it is read."""

    line: Line
    command: int
    flags: int
    left: int  # bytes of the body that weren't read

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise Refused(EINVAL)
        self.left -= count
        return self.line.receive(count)

    def numbers(self, count: int) -> tuple[int, ...]:
        return struct.unpack(f">{count}Q", self.take(8 * count))

    def group(self) -> str:
        return self.take(16).rstrip(b"\0").decode()

    def rest(self) -> bytes:
        return self.take(self.left)

    def pieces(self) -> Iterator[bytes]:
        while self.left:
            yield self.take(min(PIECE, self.left))


@dataclass(eq=False)
class Line:
    """A connection, with its faults."""

    node: Node
    socket: socket.socket
    faults: Faults = field(default_factory=Faults)
    received: int = 0
    sent: int = 0

    def receive(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            self.node.thawed.wait()
            most = min(count - len(data), PIECE)
            if self.faults.cut_request_at is not None:
                most = min(most, self.faults.cut_request_at - self.received)
                if most <= 0:
                    raise Broken
            part = self.socket.recv(most)
            if not part:
                raise Broken
            self.received += len(part)
            data += part
        return data

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self.node.thawed.wait()
            most = len(view)
            if self.faults.cut_reply_at is not None:
                most = min(most, self.faults.cut_reply_at - self.sent)
                if most <= 0:
                    raise Broken
            if self.faults.bytes_per_second:
                most = min(most, max(1, self.faults.bytes_per_second // 20))
                time.sleep(0.05)
            self.socket.sendall(view[:most])
            self.sent += most
            view = view[most:]

    def reply(self, body: bytes = b"", *, status: int = 0, length: int | None = None) -> None:
        """A whole reply, or the start of one whose body has another `length`."""
        if self.faults.reply is not None:
            self.send(self.faults.reply)
            raise Broken
        announced = (len(body) if length is None else length) + self.faults.length_off_by
        self.send(struct.pack(">QBB", max(0, announced), 100, status) + body)

    def close(self) -> None:
        """Close; reset what was cut while data came."""
        if self.faults.cut_request_at is not None:
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Node:
    """A listening server on an address of the loopback network; `serve` of a subclass answers one request."""

    def __init__(self, host: str, port: int = 0) -> None:
        self.host, self.port = host, port
        self.thawed = threading.Event()
        self.thawed.set()
        self.requests: list[int] = []  # commands, in order
        self.accepted = 0  # connections

        self.errors: list[Exception] = []  # of the double itself
        self._faults = Faults()
        self._lock = threading.Lock()
        self._lines: set[Line] = set()
        self._listener: socket.socket | None = None
        self.start()

    def serve(self, request: Request) -> None:
        """Answer one request: trackers and storages each know their own commands."""
        raise NotImplementedError

    # --- What a test does to it ---

    def start(self) -> None:
        self._listener = socket.create_server((self.host, self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections, and end those that are there."""
        if self._listener:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.thawed.set()
        self.drop_connections()

    def drop_connections(self) -> None:
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            with contextlib.suppress(OSError):
                line.socket.shutdown(socket.SHUT_RDWR)

    def babble(self) -> None:
        """Send what nobody asked for on every connection."""
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            line.socket.sendall(b"?")

    def freeze(self) -> None:
        """Accept, and say nothing."""
        self.thawed.clear()

    def thaw(self) -> None:
        self.thawed.set()

    def fault(self, **faults: object) -> None:
        """Take `Faults` for what comes now; without arguments, be well again."""
        with self._lock:
            self._faults = replace(Faults(), **faults)

    # --- Serving ---

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection: socket.socket) -> None:
        line = Line(self, connection)
        with self._lock:
            self._lines.add(line)
        try:
            while self._one(line):
                pass
        except (Broken, OSError):
            pass
        except Exception as error:  # a fault of the double: kept for the test, which would only see a closed line
            self.errors.append(error)
        finally:
            line.close()
            with self._lock:
                self._lines.discard(line)

    def _one(self, line: Line) -> bool:
        """Answer one request; False at the end of the connection."""
        line.received = line.sent = 0
        line.faults = Faults()
        head = connection_head(line)
        if not head:
            return False
        length, command, flags = struct.unpack(">QBB", head)
        line.faults = self._due(command)
        if line.faults.cut_request_at is not None and line.faults.cut_request_at <= len(head):
            raise Broken
        self.requests.append(command)
        request = Request(line, command, flags, length)
        try:
            if command == QUIT:
                return False
            self._answer(request)
        except Refused as refusal:
            whole = request.left <= BUFFER
            if whole:
                request.rest()
            line.reply(status=refusal.status)
            return whole and refusal.status != EINVAL
        if request.left:
            raise AssertionError(f"{request.left} bytes of command {command} were not read")
        return True

    def _answer(self, request: Request) -> None:
        if request.line.faults.status is not None:
            raise Refused(request.line.faults.status)
        if request.command == ACTIVE_TEST:
            request.line.reply()
        else:
            self.serve(request)

    def _due(self, command: int) -> Faults:
        with self._lock:
            faults = self._faults
            if faults.commands is not None and command not in faults.commands:
                return Faults()
            if faults.times is not None:
                self._faults = replace(faults, times=faults.times - 1) if faults.times > 1 else Faults()
            return faults


def connection_head(line: Line) -> bytes:
    """The next request's header; b"" if the client has closed."""
    line.node.thawed.wait()
    first = line.socket.recv(1)
    line.node.thawed.wait()
    if not first:
        return b""
    line.received = 1
    return first + line.receive(9)
