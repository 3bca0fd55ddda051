"""Byte ranges as HTTP asks for them and gets them (RFC 9110 §14)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from typing import IO
from urllib.parse import quote

CHUNK = 256 * 1024  # bytes
MOST = 16  # ranges of one request, as many as nginx is told to serve; who asks for more gets the whole file
_RANGES = re.compile(r"bytes=((?:\d{0,18}-\d{0,18})(?:,(?:\d{0,18}-\d{0,18}))*)", re.ASCII | re.IGNORECASE)

Range = tuple[int, int]  # first and last byte
Piece = tuple[bytes, Range | None]  # of a body: a text, and what follows it from a file


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


def read_pieces(pieces: Sequence[Piece], file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a body, read from `file` little by little."""
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
    """A body in a header, for the server that sends it: each text quoted, and behind an @ its range of the file."""
    return ",".join(f"{quote(text, safe='')}@{'' if part is None else f'{part[0]}-{part[1]}'}" for text, part in pieces)


class MultipartRanges:
    """Several ranges in one body of type `content_type` and `length` bytes (multipart/byteranges, RFC 9110 §14.6)."""

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
