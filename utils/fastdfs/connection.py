"""One TCP connection to a tracker or storage: requests, replies, and whether the connection can be reused."""

from __future__ import annotations

import os
import socket
import time

from utils.fastdfs.errors import FastDFSError, Unavailable
from utils.fastdfs.limits import PIECE_BYTES, Limits
from utils.fastdfs.protocol import HEADER, REPLY, Address, Command, header, refusal

_WAIT_FOR_REASON_SECONDS = 1.0  # the server's reply arrived before it closed, or not at all


class Connection:
    """Not thread-safe, and usable only in the process that opened it. Network failures raise Unavailable."""

    def __init__(self, address: Address, limits: Limits) -> None:
        self.address = address
        self._limits = limits
        self._process = os.getpid()
        self._unsent = 0  # bytes of the request
        self._unread = 0  # bytes of the reply
        self._busy = False
        self.idle_since = time.monotonic()
        try:
            self._socket = socket.create_connection((address.host, address.port), limits.connect_seconds)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            raise Unavailable(f"{address} can't be reached: {error}.") from error

    @property
    def reusable(self) -> bool:
        """Whether the last exchange was completed on both sides."""
        return not self._busy and self._process == os.getpid()

    def is_quiet(self) -> bool:
        """Whether the connection is open and no data is waiting; does not block."""
        try:
            return not self._peek()
        except OSError:
            return False

    def close(self) -> None:
        self._busy = True
        self._socket.close()

    def request(self, command: Command, head: bytes = b"", *, payload_bytes: int = 0, flags: int = 0) -> None:
        """Send a request up to its payload; the caller sends that by `send`."""
        self._busy = True
        body_bytes = len(head) + payload_bytes
        self._unsent = body_bytes + HEADER.size
        self._send(header(command, body_bytes, flags) + head)

    def send(self, piece: bytes | memoryview) -> None:
        """Send a part of the payload, at most a piece. If the server has refused the request already, raises why."""
        try:
            answered = self._peek()
        except OSError as error:
            raise Unavailable(f"{self.address} broke off while receiving: {error}.") from error
        if answered:
            self.reply_length(self._limits.io_seconds)
            raise Unavailable(f"{self.address} answered before it had the whole request.")
        self._send(piece)

    def reply_length(self, within_seconds: float) -> int:
        """Read a reply's header. Returns the body's length; raises what its status means."""
        length, command, status = HEADER.unpack(self._receive(HEADER.size, within_seconds))
        if command != REPLY or (status and length):
            raise Unavailable(f"{self.address} answered something that isn't FastDFS.")
        if status:
            error = refusal(status, str(self.address))
            # after "wrong request" it is unknown how much of it the server took
            self._busy = bool(self._unsent) or isinstance(error, ValueError)
            raise error
        self._unread = length
        self._busy = bool(self._unsent or length)
        return int(length)

    def reply(self, within_seconds: float) -> bytes:
        """The body of a short reply. Raises Unavailable if it is longer than a piece."""
        length = self.reply_length(within_seconds)
        if length > PIECE_BYTES:
            raise Unavailable(f"{self.address} announced a reply of {length} bytes.")
        return self.receive(length)

    def receive(self, count: int) -> bytes:
        """Exactly `count` of the bytes left of the reply's body, at most a piece."""
        data = self._receive(count, self._limits.io_seconds)
        self._unread -= count
        self._busy = bool(self._unsent or self._unread)
        return data

    def _peek(self) -> bool:
        """Whether a reply has begun to arrive. Raises OSError once the server has closed."""
        self._check_process()
        self._socket.setblocking(False)
        try:
            if self._socket.recv(1, socket.MSG_PEEK):
                return True
        except BlockingIOError:
            return False
        raise ConnectionResetError("closed by the server")

    def _send(self, data: bytes | memoryview) -> None:
        self._check_process()
        self._socket.settimeout(self._limits.io_seconds)
        try:
            self._socket.sendall(data)  # the timeout bounds the whole call
        except OSError as error:
            self._raise_reason()
            raise Unavailable(f"{self.address} broke off while receiving: {error}.") from error
        self._unsent -= len(data)

    def _raise_reason(self) -> None:
        """A server that refuses a request may reset the connection; its reply has arrived before."""
        try:
            self.reply_length(_WAIT_FOR_REASON_SECONDS)
        except Unavailable:
            return
        except FastDFSError:
            self._busy = True
            raise

    def _receive(self, count: int, within_seconds: float) -> bytes:
        self._check_process()
        until = time.monotonic() + within_seconds
        data = bytearray(count)
        view = memoryview(data)
        while view:
            try:
                self._socket.settimeout(max(until - time.monotonic(), 0.001))
                received = self._socket.recv_into(view)
            except OSError as error:
                raise Unavailable(f"{self.address} did not answer: {error}.") from error
            if not received:
                raise Unavailable(f"{self.address} broke off, {len(view)} bytes early.")
            view = view[received:]
        return bytes(data)

    def _check_process(self) -> None:
        if self._process != os.getpid():
            raise Unavailable(f"The connection to {self.address} belongs to the parent process.")
