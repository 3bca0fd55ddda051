"""Changes of the video's size and aspect ratio, found in the headers of its keyframes. Part of the probe."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from itertools import pairwise

import av.error
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from utils.mediakit.source import Shape

MOST = 500  # changes that are recorded; more are noise
SAME = 0.01  # relative difference up to which two aspect ratios count as equal
LASTING = 0.1  # share of the film from which a shape must keep its full resolution
# From a sequence header (ISO/IEC 13818-2 §6.2.2, ISO/IEC 14496-2 §6.2.3) to the first picture
MPEG2_HEADER = re.compile(rb"\x00\x00\x01\xb3.*?(?=\x00\x00\x01[\xb8\x00])", re.DOTALL)
MPEG4_HEADER = re.compile(rb"\x00\x00\x01[\x20-\x2f].*?(?=\x00\x00\x01[\xb3\xb6])", re.DOTALL)
HEAD = 4096  # bytes of a packet that are searched
ANNEX_B = re.compile(b"\0\0\1")
VP8_SIZE, VP9_SIZE = slice(3, 10), slice(0, 10)  # bytes: RFC 6386 §9.1; VP9 bitstream specification §6.2
AV1_SEQUENCE = 1  # AV1 bitstream specification §6.2.2, OBU_SEQUENCE_HEADER


class Shapes:
    """Collects the shapes of a video stream, keyframe by keyframe."""

    def __init__(self, stream: VideoStream) -> None:
        self.found: list[Shape] = []
        self.anew = False  # there is more than one header, so one isn't enough to decode all packets
        self._stream = stream
        self._context = stream.codec_context
        self._context.thread_count = 1  # with more, decode() reports the size of an earlier packet
        self._header = b""
        self._known: dict[bytes, tuple[int, int, float]] = {}
        self._by_container = 0.0  # the sample aspect ratio, if the container overrides the codec's

    def add(self, packet: Packet[Stream], second: float) -> None:
        """Take in one keyframe, at `second` seconds from the start of the file."""
        header = _header(self._context.name, packet)
        if not header or header == self._header:
            return
        self.anew, self._header = bool(self._header), header
        if header not in self._known:
            self._known[header] = self._decoded(packet)
        width, height, sar = self._known[header]
        if min(width, height) < 2 or len(self.found) == MOST:
            return
        if not self.found:
            told = float(self._stream.sample_aspect_ratio or 0)
            self._by_container = told if told and abs(told - sar) > SAME * sar else 0.0
        shape = Shape(second, width, height, self._by_container or sar)
        before = self.found[-1] if self.found else None
        if before is None or (width, height, shape.sar) != (before.width, before.height, before.sar):
            self.found.append(shape)

    def _decoded(self, packet: Packet[Stream]) -> tuple[int, int, float]:
        with contextlib.suppress(av.error.FFmpegError):
            packet.decode()
        context = self._context
        return context.width, context.height, float(context.sample_aspect_ratio or 1) or 1.0


def canvas(shapes: list[Shape], end: float) -> tuple[int, int]:
    """Width and height in square pixels of a canvas for all shapes of a film that ends at `end` seconds.

    It has the aspect ratio that lasts longest, and holds every shape that lasts for LASTING at full resolution.
    """
    ends = [shape.start for shape in shapes[1:]] + [max(end, shapes[-1].start)]
    lengths = [until - shape.start for shape, until in zip(shapes, ends, strict=True)]

    def lasting(shape: Shape) -> float:
        alike = (abs(other.ratio / shape.ratio - 1) < SAME for other in shapes)
        return sum(length for length, same in zip(lengths, alike, strict=True) if same)

    main = max(shapes, key=lasting)
    kept = [shape for shape in shapes if lasting(shape) >= LASTING * sum(lengths)]
    height = max(max(shape.height, shape.width * shape.sar / main.ratio) for shape in [main, *kept])
    return round(height * main.ratio), round(height)


def _header(codec: str, packet: Packet[Stream]) -> bytes:
    """The header that tells the size of the frames from this packet on; empty if there is none."""
    beside = packet.get_sidedata("new_extradata") if packet.has_sidedata("new_extradata") else b""
    return bytes(beside) + _within(codec, bytes(packet))


def _within(codec: str, data: bytes) -> bytes:
    match codec:
        case "mpeg1video" | "mpeg2video":
            found = MPEG2_HEADER.search(data[:HEAD])
            return found[0] if found else b""
        case "mpeg4":
            found = MPEG4_HEADER.search(data[:HEAD])
            return found[0] if found else b""
        case "h264":
            return b"".join(unit for unit in _units(data[:HEAD]) if unit[0] & 31 == 7)  # ITU-T H.264 table 7-1: SPS
        case "hevc":
            return b"".join(unit for unit in _units(data[:HEAD]) if unit[0] >> 1 & 63 == 33)  # H.265 table 7-1: SPS
        case "vp8":
            return data[VP8_SIZE]
        case "vp9" | "libvpx-vp9":
            return data[VP9_SIZE]
        case "av1" | "libdav1d":
            return b"".join(body for kind, body in _obus(data[:HEAD]) if kind == AV1_SEQUENCE)
    return b""


def _units(data: bytes) -> Iterator[bytes]:
    """The NAL units of H.264 or H.265, length-prefixed or Annex B."""
    if data[:3] == b"\0\0\1" or data[:4] == b"\0\0\0\1":
        starts = [found.end() for found in ANNEX_B.finditer(data)]
        for start, end in pairwise([*starts, len(data) + 3]):
            unit = data[start : end - 3].rstrip(b"\0")
            if unit:
                yield unit
        return
    at = 0
    while at + 5 <= len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : end]
        at = max(end, at + 5)


def _obus(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, content) of the open bitstream units of AV1 (§5.3.1), up to the first without a size field."""
    at = 0
    while at < len(data) and data[at] & 2:
        kind, at = data[at] >> 3 & 15, at + (2 if data[at] & 4 else 1)
        length = shift = 0
        while at < len(data) and shift < 35:  # leb128
            length |= (data[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if not data[at - 1] & 128:
                break
        yield kind, data[at : at + length]
        at += length
