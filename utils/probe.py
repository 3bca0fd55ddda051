"""Says as JSON what a media file holds, measured and not as its header claims.

Run as `python -m utils.probe FD` in a process of its own: a file that makes a decoder crash ends only that.
Every packet is read once; a few pictures are decoded.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
from fractions import Fraction
from itertools import pairwise
from statistics import fmean
from typing import Any

import av
import av.error

from utils.containers import DEMUXERS, SIGNATURES

OPTIONS = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
SAMPLE_FRAMES = 12  # decoded before a picture is believed
ANIMATIONS = {"gif", "apng"}
LARGEST_SIDE = 8192  # pixels
LONGEST = 24 * 3600  # seconds
MISSING = 1.0  # seconds, and
MISSING_SHARE = 0.05  # share of the promised length that may be absent before a file counts as cut short
HDR_TRANSFERS = {16: "pq", 18: "hlg"}  # ITU-T H.273 transfer characteristics
HEAD = 4 * 1024 * 1024  # bytes searched for signs of encryption
# ContentEncodings, ContentEncodingType = 1 … ContentEncryption (RFC 9559 §5.1.4.1.31)
MATROSKA_ENCRYPTION = re.compile(rb"\x6d\x80.{1,8}\x62\x40.{1,64}\x50\x35", re.DOTALL)
LEAST_GAP = 0.1  # seconds without sound that are to be filled
TS_PACKETS = (188, 192, 204)  # bytes (ISO/IEC 13818-1; Blu-ray; DVB with parity)


class Refused(Exception):
    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def measure(file: int) -> dict[str, Any]:
    """The facts the pipeline needs of an open file; lengths in seconds, sizes in pixels as coded."""
    with _open(file) as container:
        if _encrypted(file, container.format.name):
            raise Refused("encrypted")
        stream = _picture(container)
        sample = _sample(container, stream)
        facts = _facts(container, stream, sample)
    with _open(file) as container:
        lengths = _Lengths(container, facts["video"]["index"])
    if lengths.length <= 0:
        raise Refused("damaged@0", "no picture has a time")
    if facts["container"] in ANIMATIONS and len(lengths.times) < 2:
        raise Refused("not_a_video", "a single picture")
    if lengths.length > LONGEST:
        raise Refused("too_long", f"{lengths.length:.0f} s")
    missing = facts.pop("promised") - lengths.end
    if missing > max(MISSING, MISSING_SHARE * lengths.end):
        raise Refused(f"damaged@{int(lengths.end)}", f"{missing:.1f} s of what the header promises are missing")
    lengths.complete(facts)
    return facts


def _open(file: int) -> Any:
    os.lseek(file, 0, os.SEEK_SET)
    try:
        return av.open(os.fdopen(os.dup(file), "rb", buffering=0), options=OPTIONS, buffer_size=1024 * 1024)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        head = os.pread(file, 32, 0)
        known = any(head[at : at + len(sign)] == sign for at, sign in SIGNATURES)
        raise Refused("damaged@0" if known else "not_a_video", str(error)) from error


def _encrypted(file: int, container: str) -> bool:
    """Whether the pictures are scrambled: without its key the file is noise."""
    size = os.fstat(file).st_size
    if "mp4" in container:
        return _sample_entry_encrypted(file, size)
    head = os.pread(file, HEAD, 0)
    if "matroska" in container:
        return bool(MATROSKA_ENCRYPTION.search(head))
    if container == "mpegts":
        flags = _ts_flags(head)
        return sum(1 for byte in flags if byte & 0xC0) > len(flags) / 2  # transport_scrambling_control
    return False


def _ts_flags(head: bytes) -> bytes:
    """The fourth byte of every packet of a transport stream, plain, with time codes before or parity behind."""
    for length in TS_PACKETS:
        for start in range(length):
            syncs = head[start::length]
            if syncs.count(b"\x47") > 0.9 * len(syncs):
                return head[start + 3 :: length]
    return b""


def _sample_entry_encrypted(file: int, size: int) -> bool:
    """An `encv` sample entry in the `moov` box (ISO/IEC 23001-7)."""
    at = 0
    while at + 8 <= size:
        head = os.pread(file, 16, at)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        length = length or size - at
        if head[4:8] == b"moov":
            return b"encv" in os.pread(file, min(length, 64 * 1024 * 1024), at)
        if length < 8:
            break
        at += length
    return False


def _picture(container: Any) -> Any:
    """The stream that is the film: the largest that is no cover."""
    pictures = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not pictures:
        raise Refused("no_video" if container.streams.audio else "not_a_video")
    known = [s for s in pictures if s.codec_context is not None]
    if not known:
        raise Refused("codec", "unknown")
    stream = max(known, key=lambda s: (s.width or 0) * (s.height or 0))
    if max(stream.width or 0, stream.height or 0) > LARGEST_SIDE:
        raise Refused("too_large", f"{stream.width} × {stream.height}")
    return stream


def _sample(container: Any, stream: Any) -> list[Any]:
    """The first pictures."""
    frames: list[Any] = []
    try:
        for frame in container.decode(stream):
            frames.append(frame)
            if len(frames) >= SAMPLE_FRAMES:
                break
    except av.error.DecoderNotFoundError as error:
        raise Refused("codec", f"{stream.codec_context.name}: {error}") from error
    except av.error.FFmpegError as error:
        if not frames:
            raise Refused("damaged@0", str(error)) from error
    if not frames:
        raise Refused("damaged@0", "no picture could be decoded")
    if max(frames[0].width, frames[0].height) > LARGEST_SIDE:
        raise Refused("too_large", f"{frames[0].width} × {frames[0].height}")
    if min(frames[0].width, frames[0].height) < 2:
        raise Refused("damaged@0", "the picture has no size")
    return frames


def _facts(container: Any, stream: Any, sample: list[Any]) -> dict[str, Any]:
    context, first = stream.codec_context, sample[0]
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    turned = any(side.type.name == "DISPLAYMATRIX" for side in first.side_data)
    return {
        "container": container.format.name,
        "start": (container.start_time or 0) / av.time_base,
        "promised": (container.duration or 0) / av.time_base,
        "video": {
            "index": stream.index,
            "codec": context.name,
            "profile": context.profile or "",
            "width": first.width,
            "height": first.height,
            "sar": float(stream.sample_aspect_ratio or 1) or 1.0,
            "rotation": first.rotation,
            "turned": turned,
            "rate": [rate.numerator, rate.denominator],
            "interlaced": sum(bool(f.interlaced_frame) for f in sample) > len(sample) / 2,
            "hdr": HDR_TRANSFERS.get(int(context.color_trc or 0), ""),
            "matrix": int(context.colorspace or 2),  # 2: not said
            "pixel_format": context.pix_fmt or "",
        },
        "audio": [
            {
                "index": s.index,
                "codec": s.codec_context.name,
                "profile": s.codec_context.profile or "",
                "channels": s.codec_context.channels,
                "sample_rate": s.codec_context.sample_rate,
                "language": s.metadata.get("language", ""),
                "title": s.metadata.get("title", ""),
            }
            for s in container.streams.audio
            if s.codec_context is not None and s.codec_context.channels and s.codec_context.sample_rate
        ],
        "subtitles": [
            {
                "index": s.index,
                "codec": s.codec_context.name,
                "language": s.metadata.get("language", ""),
                "title": s.metadata.get("title", ""),
            }
            for s in container.streams.subtitles
            if s.codec_context is not None
        ],
        "chapters": [
            {"start": float(c["start"] * (c["time_base"] or 0)), "title": c["metadata"].get("title", "")}
            for c in container.chapters()
        ],
    }


class _Track:
    """What the packets of one stream add up to."""

    def __init__(self, stream: Any) -> None:
        self.tick: float = float(stream.time_base or 0)  # seconds
        self.start, self.end, self.sounding, self.longest = math.inf, -math.inf, 0.0, 0.0
        self.packets = self.bytes = 0

    def add(self, packet: Any) -> float | None:
        """Count one packet; returns its time in seconds, None where it has none."""
        at = packet.pts if packet.pts is not None else packet.dts
        if at is None:
            return None
        seconds: float = at * self.tick
        length = (packet.duration or 0) * self.tick
        self.packets += 1
        self.bytes += packet.size
        if seconds < self.start:
            self.start = seconds
        if seconds + length > self.end:
            self.end = seconds + length
        self.sounding += length
        self.longest = max(self.longest, length)
        return seconds


class _Lengths:
    """Lengths, rates and keyframes over all packets of a file."""

    def __init__(self, container: Any, video: int) -> None:
        self.video = _Track(container.streams[video])
        self.tracks = {s.index: _Track(s) for s in container.streams.audio}
        self.tracks[video] = self.video
        self.times: list[float] = []
        self.keys: list[float] = []
        self.clean = True  # every keyframe starts afresh (IDR) and nothing is to be left out
        self.origin = (container.start_time or 0) / av.time_base
        try:
            for packet in container.demux([container.streams[index] for index in self.tracks]):
                if packet.size:
                    self._add(packet, video)
        except av.error.FFmpegError:  # a file cut short: what was read counts
            self.clean = False
        self.length = max(0.0, self.video.end - self.video.start)
        self.end = max(track.end for track in self.tracks.values()) - self.origin  # of picture and sound

    def _add(self, packet: Any, video: int) -> None:
        seconds = self.tracks[packet.stream_index].add(packet)
        if packet.stream_index != video:
            return
        if seconds is not None:
            self.times.append(seconds)
        if seconds is None or packet.is_corrupt or packet.is_discard or (not self.keys and not packet.is_keyframe):
            self.clean = False
        elif packet.is_keyframe:
            self.keys.append(seconds)
            self.clean = self.clean and _is_idr(bytes(packet))

    def rate(self, stated: Fraction) -> Fraction:
        """Pictures per second; where they vary, of the quicker stretches, so that none is lost there."""
        self.times.sort()
        steps = sorted(b - a for a, b in pairwise(self.times) if b > a)
        if not steps:
            return stated or Fraction(25)
        usual = 1 / fmean(steps)
        brisk = steps[len(steps) // 10]
        quick = 1 / fmean(step for step in steps if step <= 1.15 * brisk)  # containers round to milliseconds
        found = quick if quick > 1.08 * usual else usual
        # Matroska and FLV tell their clock (1000) where they don't know
        return stated if abs(stated - found) < 0.02 * found else Fraction(found).limit_denominator(1001)

    def complete(self, facts: dict[str, Any]) -> None:
        """Add what was measured to the facts; times count from the start of the file."""
        video = facts["video"]
        rate = self.rate(Fraction(*video["rate"]) if video["rate"][1] else Fraction(0))
        video["rate"] = [rate.numerator, rate.denominator]
        video["bit_rate"] = round(8 * self.video.bytes / self.length)
        video["start"] = self.video.start - self.origin
        video["clean"] = self.clean
        video["keys"] = [key - self.origin for key in sorted(self.keys)]
        video["end"] = self.video.end - self.origin
        facts["duration"] = self.end
        kept = []
        for sound in facts["audio"]:
            track = self.tracks[sound["index"]]
            if track.packets:
                sound["start"] = track.start - self.origin
                sound["bit_rate"] = round(8 * track.bytes / max(0.1, track.end - track.start))
                whole = abs(track.sounding - (track.end - track.start)) < LEAST_GAP
                sound["gapless"] = whole and track.longest < LEAST_GAP  # MP4 stretches a packet over the gap behind it
                kept.append(sound)
        facts["audio"] = kept


def _is_idr(data: bytes) -> bool:
    """Whether an H.264 packet, length-prefixed or Annex B, begins its picture with an IDR slice (type 5)."""
    if data[:3] == b"\0\0\1" or data[:4] == b"\0\0\0\1":
        kinds = [data[m.end()] & 31 for m in re.finditer(b"\0\0\1", data[:4096]) if m.end() < len(data)]
    else:
        kinds, at = [], 0
        while at + 5 <= len(data):
            kinds.append(data[at + 4] & 31)
            if kinds[-1] in (1, 5):
                break
            at += 4 + int.from_bytes(data[at : at + 4], "big")
    return next((kind == 5 for kind in kinds if kind in (1, 5)), False)


def main() -> None:
    try:
        print(json.dumps(measure(int(sys.argv[1]))))  # noqa: T201
    except Refused as refused:
        print(json.dumps({"refused": refused.code, "detail": refused.detail}))  # noqa: T201


if __name__ == "__main__":
    main()
