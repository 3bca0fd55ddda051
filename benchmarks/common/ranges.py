"""A client that asks for ranges and takes next to no processor: it has the kernel drop what arrives."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Self

LONGEST_HEAD = 4096  # bytes
TAKEN = 256 * 1024  # bytes dropped by one call


class Viewers:
    """So many clients of one address."""

    def __init__(self, port: int, path: str, *, count: int) -> None:
        self._port, self._path, self._count = port, path, count
        self._threads = ThreadPoolExecutor(count)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._threads.shutdown()

    def fetch(self, ranges: list[range]) -> float:
        """The seconds that all ranges take; each client asks for its share in turn over its own connection."""
        with ExitStack() as stack:
            lines = [socket.create_connection(("127.0.0.1", self._port), timeout=60) for _ in range(self._count)]
            for line in lines:
                stack.enter_context(line)
            shares = [ranges[number :: self._count] for number in range(self._count)]
            began = time.perf_counter()
            for _ in self._threads.map(self._ask, lines, shares):
                continue
            return time.perf_counter() - began

    def _ask(self, line: socket.socket, ranges: list[range]) -> None:
        held = bytearray(TAKEN)
        for part in ranges:
            line.sendall(
                f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Range: bytes={part.start}-{part.stop - 1}\r\n\r\n".encode()
            )
            head = _head(line)
            if not head.startswith(b"HTTP/1.1 206") or b"\r\ncontent-length: %d\r\n" % len(part) not in head.lower():
                raise SystemExit(f"{self._path} answered {head[:400].decode('latin-1') or 'nothing'}")
            left = len(part)
            while left:
                # tcp(7), MSG_TRUNC: "received bytes are discarded, rather than passed back"
                got = line.recv_into(held, min(left, TAKEN), socket.MSG_TRUNC)
                if not got:
                    raise SystemExit(f"{self._path} broke off")
                left -= got


def _head(line: socket.socket) -> bytes:
    """The head of an answer, read without a byte of what follows; empty if the server hung up."""
    seen = b""
    while (end := seen.find(b"\r\n\r\n")) < 0 and len(seen) < LONGEST_HEAD:
        seen = line.recv(LONGEST_HEAD, socket.MSG_PEEK)
        if not seen:
            return b""
    return line.recv(end + 4)
