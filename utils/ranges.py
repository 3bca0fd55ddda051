"""HTTP byte ranges (RFC 9110 §14)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from typing import IO
from urllib.parse import quote

CHUNK = 256 * 1024  # bytes
MOST = 16  # ranges per request, as in our nginx configuration; requests for more get the whole file
_RANGES = re.compile(r"bytes=((?:\d{0,18}-\d{0,18})(?:,(?:\d{0,18}-\d{0,18}))*)", re.ASCII | re.IGNORECASE)

Range = tuple[int, int]  # first and last byte
Piece = tuple[bytes, Range | None]  # of a body: literal bytes, then a range of the file


class RangeNotSatisfiable(Exception):
    """No range overlaps the file."""


def byte_ranges(header: str, size: int) -> list[Range]:
    """Parse a Range header for a file of `size` bytes; an empty list means the whole file.

    That is the result without a header, for other units, and for too many ranges, which a server may ignore.
    Ranges outside the file are dropped. Raises RangeNotSatisfiable if none remains or the header is malformed, like
    nginx.
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


def read_pieces(pieces: Sequence[Piece], file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a body, read from `file` in chunks."""
    for text, part in pieces:
        if text:
            yield text
        if part is None:
            continue
        first, last = part
        file.seek(first)
        left = last - first + 1
        while left > 0 and (data := file.read(min(left, CHUNK))):
            left -= len(data)
            yield data


def describe_pieces(pieces: Sequence[Piece]) -> str:
    """A body encoded in a header for the embedded proxy: quoted literals, each followed by @ and a file range."""
    return ",".join(f"{quote(text, safe='')}@{'' if part is None else f'{part[0]}-{part[1]}'}" for text, part in pieces)


class MultipartRanges:
    """A multipart/byteranges body (RFC 9110 §14.6) with its `content_type` and `length` in bytes."""

    def __init__(self, ranges: Sequence[Range], *, size: int, kind: str) -> None:
        boundary = secrets.token_hex(12)
        self.content_type = f"multipart/byteranges; boundary={boundary}"
        end = f"\r\n--{boundary}--\r\n".encode()
        parts: list[Piece] = [
            (
                f"\r\n--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: bytes {a}-{b}/{size}\r\n\r\n".encode(),
                (a, b),
            )
            for a, b in ranges
        ]
        self.pieces: list[Piece] = [*parts, (end, None)]
        self.length = sum(len(text) for text, _ in self.pieces) + sum(b - a + 1 for a, b in ranges)
