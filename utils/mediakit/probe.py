"""Says as JSON what a media file holds, measured and not as its header claims.

Run as `python -m utils.mediakit.probe FD` in a process of its own: a file that makes a decoder crash ends only that.
Every packet is read once; a few pictures are decoded. Before it looks at the file it gives up all others.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error

from utils.mediakit import text_tracks
from utils.mediakit.broadcast import Programme, programmes, scrambled
from utils.mediakit.containers import DEMUXERS, bearable, encrypted, for_dolby_vision_only, is_known, is_photo
from utils.mediakit.packets import Lengths, has_jumps, packets
from utils.mediakit.sandbox import landlock
from utils.mediakit.text_tracks import words

OPTIONS = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
SAMPLE_FRAMES = 12  # decoded before a picture is believed
ANIMATIONS = {"gif", "apng"}
LARGEST_SIDE = 8192  # pixels
FASTEST = 2000  # pictures per second; what has more has no clock
BEHIND = 2  # packets that may be out of turn
SLOWEST = 60  # seconds of one picture, over a whole day; what has fewer has a broken clock
LONGEST = 24 * 3600  # seconds
HDR_TRANSFERS = {16: "pq", 18: "hlg"}  # ITU-T H.273 transfer characteristics


class Refused(Exception):
    """The file is no video that can be used: `code` is one of apps.media.failures."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def measure(file: int) -> dict[str, Any]:
    """The facts the pipeline needs of an open file; lengths in seconds, sizes in pixels as coded.

    Where the picture changes its shape on the way, `shapes` tells each and the size is that of what holds them all.
    """
    if is_photo(file):
        raise Refused("not_a_video", "a photo")
    if encrypted(file) or scrambled(file):
        raise Refused("encrypted")
    with _open(file) as container:
        if for_dolby_vision_only(file, container.format.name):
            raise Refused("codec", "Dolby Vision without a picture for other screens")
        index = _picture(container)
    with _open(file) as container:
        stream = container.streams[index]
        table = programmes(file) if container.format.name == "mpegts" else []
        own = next((programme for programme in table if stream.id in programme.pids), None)
        if own and own.scrambled:
            raise Refused("encrypted")
        sample = _sample(container, stream)
        facts = _facts(container, stream, sample, own)
    with _open(file) as container:
        lengths = Lengths(container, facts["video"]["index"], [track["index"] for track in facts["audio"]])
    if lengths.length <= 0:
        raise Refused("damaged@0", "no picture has a time")
    if FASTEST * (max(lengths.times) - min(lengths.times)) < len(lengths.times) - 1:
        raise Refused("damaged@0", f"all {len(lengths.times)} pictures come at once")
    if facts["container"] in ANIMATIONS and len(lengths.times) < 2:
        raise Refused("not_a_video", "a single picture")
    for shape in lengths.shapes.found:
        if max(shape.width, shape.height) > LARGEST_SIDE:
            raise Refused("too_large", f"{shape.width} × {shape.height}, {shape.start:.1f} s from the beginning")
    for track in lengths.tracks.values():
        if track.behind > BEHIND:
            at = max(0.0, track.turned_back_at - lengths.origin)
            raise Refused(f"damaged@{int(at)}", f"the clock goes back: {track.behind} packets are out of turn")
    if lengths.length > LONGEST:
        code = "too_long" if SLOWEST * len(lengths.times) > lengths.length else "damaged@0"
        raise Refused(code, f"{len(lengths.times)} pictures in {lengths.length:.0f} s")
    promised = facts.pop("promised")
    missing, most = promised - lengths.end, bearable(lengths.end)
    if missing > most and abs(promised - lengths.others) > most:
        raise Refused(f"damaged@{int(lengths.end)}", f"{missing:.1f} s of what the header promises are missing")
    if lengths.hollow > most:
        raise Refused(f"damaged@{int(lengths.hollow_from)}", f"{lengths.hollow:.1f} s hold nothing but zeros")
    lengths.complete(facts)
    return facts


def _open(file: int) -> Any:
    os.lseek(file, 0, os.SEEK_SET)
    try:
        return av.open(
            os.fdopen(os.dup(file), "rb", buffering=0),
            options=OPTIONS,
            metadata_errors="surrogateescape",
            buffer_size=1024 * 1024,
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise Refused("damaged@0" if is_known(file) else "not_a_video", str(error)) from error


def _picture(container: Any) -> int:
    """Which stream is the film: of those that go on for long and are no cover, the largest."""
    pictures = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not pictures:
        told = any(s.type != "data" for s in container.streams)  # or the index ends before it says what they are
        nothing = "not_a_video" if told else "damaged@0"
        raise Refused("no_video" if container.streams.audio else nothing)
    known = [s for s in pictures if s.codec_context is not None]
    if not known:
        raise Refused("codec", "unknown")
    count: Counter[int] = Counter()
    if len(known) > 1:
        with contextlib.suppress(av.error.FFmpegError):
            count.update(packet.stream_index for packet in packets(container, *known))
    long = [s for s in known if 2 * count[s.index] >= max(count.values(), default=0)]
    stream = max(long, key=lambda s: (s.width or 0) * (s.height or 0))
    if max(stream.width or 0, stream.height or 0) > LARGEST_SIDE:
        raise Refused("too_large", f"{stream.width} × {stream.height}")
    return int(stream.index)


def _sample(container: Any, stream: Any) -> list[Any]:
    """The first pictures."""
    frames: list[Any] = []
    try:
        for packet in packets(container, stream):
            frames += packet.decode()
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


def _beside(container: Any, own: Programme | None) -> list[Any]:
    """Sounds and texts of the picture's own programme, those that the file wants to begin with first."""
    streams = [*container.streams.audio, *container.streams.subtitles]
    streams = [s for s in streams if own is None or s.id in own.pids]
    return sorted(streams, key=lambda s: not s.disposition & av.stream.Disposition.default)


def _facts(container: Any, stream: Any, sample: list[Any], own: Programme | None) -> dict[str, Any]:
    beside, pages = _beside(container, own), own.pages if own else {}
    context, first = stream.codec_context, sample[0]
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    spoken = next((words(s.metadata, "language") for s in beside if s.type == "audio"), "")
    return {
        "container": container.format.name,
        "start": (container.start_time or 0) / av.time_base,
        "promised": _promised(container, stream),
        "video": {
            "index": stream.index,
            "codec": context.name,
            "profile": context.profile or "",
            "width": first.width,
            "height": first.height,
            "sar": float(stream.sample_aspect_ratio or 1) or 1.0,
            "rotation": _turn(first.rotation),
            "turned": _has_matrix(first),
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
                "language": words(s.metadata, "language"),
                "title": words(s.metadata, "title"),
            }
            for s in beside
            if s.type == "audio"
            and s.codec_context is not None
            and s.codec_context.channels
            and s.codec_context.sample_rate
        ],
        "subtitles": text_tracks.tracks(beside, pages, sample, spoken),
        "chapters": [
            {"start": float(c["start"] * (c["time_base"] or 0)), "title": words(c["metadata"], "title")}
            for c in container.chapters()
        ],
    }


def _has_matrix(frame: Any) -> bool:
    """Whether a picture is to be turned or mirrored, or may be."""
    try:
        return any(side.type.name == "DISPLAYMATRIX" for side in frame.side_data)
    except ValueError:  # something beside it (EXIF, a second view) that PyAV has no name for yet
        return True


def _turn(degrees: float) -> int:
    """Quarter turns, in degrees; FFmpeg leaves the shape as it is for what lies between them, or makes no sense."""
    nearest = 90 * round(degrees / 90)
    return nearest if abs(degrees) <= 360 and abs(degrees - nearest) < 1 else 0


def _promised(container: Any, stream: Any) -> float:
    """The length in seconds that the header tells; 0 for a broadcast, which has none."""
    if has_jumps(container):
        return 0.0
    told: float = (container.duration or 0) / av.time_base
    if container.format.name == "avi" and stream.frames and stream.average_rate:
        return float(stream.frames / stream.average_rate)  # without its index, FFmpeg goes by the file's size
    if "matroska" in container.format.name:  # the whole is as long as its last text, shown or not
        told = min(told, max(_tagged(s) for s in (stream, *container.streams.audio)) or told)
    return told - max(0, container.start_time or 0) / av.time_base  # most count from zero


def _tagged(stream: Any) -> float:
    """Seconds by the tag that FFmpeg and MKVToolNix give a track of Matroska, "00:01:02.5"; 0 without one."""
    found = re.fullmatch(r"(\d+):(\d\d):(\d\d\.\d+)", stream.metadata.get("DURATION", ""))
    return 3600 * int(found[1]) + 60 * int(found[2]) + float(found[3]) if found else 0.0


def confine() -> None:
    """Keep only what may still be imported: Python's own modules and PyAV's."""
    modules = Path(av.__file__).parent
    landlock.confine(read=[Path(os.__file__).parent, modules, modules.with_name("av.libs")])


def main() -> None:
    confine()
    try:
        print(json.dumps(measure(int(sys.argv[1]))))  # noqa: T201
    except Refused as refused:
        print(json.dumps({"refused": refused.code, "detail": refused.detail}))  # noqa: T201


if __name__ == "__main__":
    main()
