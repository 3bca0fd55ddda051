"""Byte ranges as HTTP asks for them and gets them (RFC 9110 §14)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from typing import IO

CHUNK = 256 * 1024  # bytes
MOST = 16  # ranges of one request, as many as nginx is told to serve; who asks for more gets the whole file
_RANGES = re.compile(r"bytes=((?:\d{0,18}-\d{0,18})(?:,(?:\d{0,18}-\d{0,18}))*)", re.ASCII | re.IGNORECASE)

Range = tuple[int, int]  # first and last byte


class RangeNotSatisfiable(Exception):
    """Every range lies outside the file."""


def byte_ranges(header: str, size: int) -> list[Range]:
    """The ranges that a Range header asks of `size` bytes; none of them means the whole file.

    That is so without a header, and for one of another unit or of too many parts, which a server may ignore.
    Ranges outside the file are left out; raises RangeNotSatisfiable where none is left, and for what is
    malformed: both as nginx does.
    """
    if header[:6].lower() != "bytes=" or len(header) < 7:
        return []
    found = _RANGES.fullmatch(re.sub(r"[ \t]", "", header))
    if not found:
        raise RangeNotSatisfiable
    parts = [part.split("-") for part in found.group(1).split(",")]
    if len(parts) > MOST:
        return []
    if any(first == last == "" or (first and last and int(first) > int(last)) for first, last in parts):
        raise RangeNotSatisfiable
    ranges = []
    for first, last in parts:
        begin = int(first) if first else max(0, size - int(last))
        end = min(int(last), size - 1) if first and last else size - 1
        if begin <= end:
            ranges.append((begin, end))
    if not ranges:
        raise RangeNotSatisfiable
    return ranges


def piece(file: IO[bytes], part: Range) -> Iterator[bytes]:
    """The bytes of one range."""
    first, last = part
    file.seek(first)
    left = last - first + 1
    while left and (data := file.read(min(left, CHUNK))):
        left -= len(data)
        yield data


class MultipartRanges:
    """Several ranges in one body of type `content_type` and `length` bytes (multipart/byteranges, RFC 9110 §14.6)."""

    def __init__(self, ranges: Sequence[Range], *, size: int, kind: str) -> None:
        boundary = secrets.token_hex(12)
        self.content_type = f"multipart/byteranges; boundary={boundary}"
        self._end = f"\r\n--{boundary}--\r\n".encode()
        self._parts = [
            (
                f"\r\n--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: bytes {a}-{b}/{size}\r\n\r\n".encode(),
                (a, b),
            )
            for a, b in ranges
        ]
        self.length = len(self._end) + sum(len(head) + b - a + 1 for head, (a, b) in self._parts)

    def body(self, file: IO[bytes]) -> Iterator[bytes]:
        """The parts with their headers, read from `file` in pieces."""
        for head, part in self._parts:
            yield head
            yield from piece(file, part)
        yield self._end
