"""Fragmented MP4 (ISO/IEC 14496-12, CMAF): locating fragments, and concatenating files of one track."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

CHUNK = 4 * 1024 * 1024  # bytes copied at a time
DURATION_PRESENT, SIZE_PRESENT, FLAGS_PRESENT, OFFSET_PRESENT = 0x100, 0x200, 0x400, 0x800  # of trun's samples
DATA_OFFSET, FIRST_FLAGS = 0x1, 0x4  # trun
BASE_OFFSET, DESCRIPTION, DEFAULT_DURATION = 0x1, 0x2, 0x8  # tfhd


class NotFragmented(Exception):
    """The file isn't a fragmented MP4 of one track."""


@dataclass(frozen=True)
class Fragment:
    """One `moof` with its `mdat`: offset and length in bytes, times in the track's timescale.

    `start` is its decode time, `shown` the earliest presentation time of its samples, and `until` the end of the last.
    """

    offset: int
    length: int
    start: int
    shown: int
    until: int
    sequence_at: int  # offset of mfhd's sequence number, 4 bytes
    start_at: int  # offset of tfdt's time, 8 bytes


@dataclass(frozen=True)
class Track:
    """A file's initialisation section, its timescale in ticks per second, and its fragments."""

    init: bytes
    timescale: int
    fragments: list[Fragment]


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start of the content, end) of the boxes in `data[start:end]`."""
    while start + 8 <= end:
        length, header = int.from_bytes(data[start : start + 4], "big"), 8
        if length == 1:
            length, header = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        if length < header:
            raise NotFragmented("a box has no length")
        yield data[start + 4 : start + 8], start + header, start + length
        start += length


def _find(data: bytes, *path: bytes) -> tuple[int, int]:
    start, end = 0, len(data)
    for name in path:
        start, end = next(((a, b) for kind, a, b in _boxes(data, start, end) if kind == name), (-1, -1))
        if start < 0:
            raise NotFragmented(f"no {name.decode()}")
    return start, end


def read(path: Path) -> Track:
    """The layout of a file with one track; the file may still be growing. Raises NotFragmented."""
    init, timescale = b"", 0
    fragments: list[Fragment] = []
    header: Fragment | None = None
    size = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            if length < 8:
                raise NotFragmented("a box has no length")
            if at + length > size:
                break  # still being written
            kind = head[4:8]
            if kind == b"moov":
                file.seek(0)
                init = file.read(at + length)
                timescale = _timescale(init)
            elif kind == b"moof":
                file.seek(at)
                header = _fragment(file.read(length), at)
            elif kind == b"mdat" and header:
                fragments.append(replace(header, length=at + length - header.offset))
            at += length
    if not init or not fragments:
        raise NotFragmented("nothing in it")
    return Track(init, timescale, fragments)


def _timescale(init: bytes) -> int:
    start, _ = _find(init, b"moov", b"trak", b"mdia", b"mdhd")
    at = start + (20 if init[start] else 12)  # version 1 has 64-bit times
    return int.from_bytes(init[at : at + 4], "big")


def _fragment(moof: bytes, offset: int) -> Fragment:
    sequence, _ = _find(moof, b"moof", b"mfhd")
    base, _ = _find(moof, b"moof", b"traf", b"tfdt")
    if moof[base] != 1:
        raise NotFragmented("32-bit times")
    header, _ = _find(moof, b"moof", b"traf", b"tfhd")
    flags = int.from_bytes(moof[header + 1 : header + 4], "big")
    at = header + 8 + (8 if flags & BASE_OFFSET else 0) + (4 if flags & DESCRIPTION else 0)
    default = int.from_bytes(moof[at : at + 4], "big") if flags & DEFAULT_DURATION else 0
    start, end = _find(moof, b"moof", b"traf")
    decoded = begins = int.from_bytes(moof[base + 4 : base + 12], "big")
    times: list[tuple[int, int]] = []
    for kind, run, _ in _boxes(moof, start, end):
        if kind == b"trun":
            for ticks, offset_shown in _samples(moof, run, default):
                times.append((decoded + offset_shown, decoded + offset_shown + ticks))
                decoded += ticks
    return Fragment(
        offset,
        len(moof),
        begins,
        times[0][0] if times else begins,
        max((until for _, until in times), default=begins),
        offset + sequence + 4,
        offset + base + 4,
    )


def _samples(moof: bytes, at: int, default: int) -> Iterator[tuple[int, int]]:
    """(ticks it lasts, ticks it is shown after it is decoded) of each sample of a track run."""
    flags, count = int.from_bytes(moof[at + 1 : at + 4], "big"), int.from_bytes(moof[at + 4 : at + 8], "big")
    first = at + 8 + 4 * bool(flags & DATA_OFFSET) + 4 * bool(flags & FIRST_FLAGS)
    step = 4 * sum(bool(flags & f) for f in (DURATION_PRESENT, SIZE_PRESENT, FLAGS_PRESENT, OFFSET_PRESENT))
    for n in range(first, first + count * step, step) if step else range(count):
        ticks = int.from_bytes(moof[n : n + 4], "big") if flags & DURATION_PRESENT else default
        late = moof[n + step - 4 : n + step] if flags & OFFSET_PRESENT else b""
        yield ticks, int.from_bytes(late, "big", signed=bool(moof[at]))  # signed since version 1 of the box


def segments(track: Track, cuts: Sequence[float] = ()) -> list[tuple[int, int, float]]:
    """[(offset, length, seconds)]: one segment per fragment or, given `cuts`, from each cut to the next.

    `cuts` are in seconds; the first fragment that begins at one, or up to 0.05 s before it, begins a segment. Times are
    presentation times: with reordered frames at a variable rate, decode times say little about them.
    """
    origin = track.fragments[0].shown
    groups: list[list[Fragment]] = []
    waiting = list(cuts)
    for fragment in track.fragments:
        begins = not cuts
        while waiting and (fragment.shown - origin) / track.timescale > waiting[0] - 0.05:
            waiting.pop(0)
            begins = True
        if begins or not groups:
            groups.append([])
        groups[-1].append(fragment)
    table = []
    for number, group in enumerate(groups):
        first, last = group[0], group[-1]
        following = groups[number + 1][0].shown if number + 1 < len(groups) else 0
        end = following or max(fragment.until for fragment in group)
        table.append((first.offset, last.offset + last.length - first.offset, (end - first.shown) / track.timescale))
    return table


class Join:
    """Concatenates files of one track into `target`, without changing any sample."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._init = b""
        self._sequence = 0

    def add(self, path: Path, start: float) -> None:
        """Append a file, shifted to begin at `start` seconds. Raises NotFragmented if it was encoded differently."""
        track = read(path)
        if not self._init:
            self._init = track.init
            self._target.write_bytes(track.init)
        if track.init != self._init:
            raise NotFragmented(f"{path.name} was encoded differently")
        moved = round(start * track.timescale)
        with path.open("rb") as source, self._target.open("ab") as out:
            for fragment in track.fragments:
                self._sequence += 1
                header = _patched(source, fragment, self._sequence, fragment.start + moved)
                out.write(header)
                _copy(source, out, fragment.offset + len(header), fragment.length - len(header))


def _patched(source: IO[bytes], fragment: Fragment, sequence: int, start: int) -> bytes:
    """The bytes of a fragment up to and including its time, with a new sequence number and time."""
    source.seek(fragment.offset)
    header = bytearray(source.read(fragment.start_at + 8 - fragment.offset))
    at = fragment.sequence_at - fragment.offset
    header[at : at + 4] = sequence.to_bytes(4, "big")
    header[-8:] = start.to_bytes(8, "big")
    return bytes(header)


def _copy(source: IO[bytes], out: IO[bytes], offset: int, length: int) -> None:
    source.seek(offset)
    while length and (part := source.read(min(length, CHUNK))):
        out.write(part)
        length -= len(part)
