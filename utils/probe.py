"""Says as JSON what a media file holds, measured and not as its header claims.

Run as `python -m utils.probe FILE` in a process of its own: a file that makes a decoder crash ends only that.
"""

from __future__ import annotations

import json
import math
import sys
from typing import Any

import av
import av.error

from utils.ffmpeg import DEMUXERS

SAMPLE_FRAMES = 12  # decoded before a picture is believed
LARGEST = 8192 * 8192  # pixels of one frame
HDR_TRANSFERS = {16: "pq", 18: "hlg"}  # ITU-T H.273 transfer characteristics


class Refused(Exception):
    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def measure(path: str) -> dict[str, Any]:
    """The facts the pipeline needs; lengths in seconds, sizes in pixels as coded."""
    options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}
    try:
        container = av.open(f"file:{path}", options=options)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise Refused("not_a_video", str(error)) from error
    with container:
        pictures = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
        if not pictures:
            raise Refused("no_video" if container.streams.audio else "not_a_video")
        stream = max(pictures, key=lambda s: (s.width or 0) * (s.height or 0))
        if not stream.width or not stream.height:
            raise Refused("damaged", "the picture has no size")
        if stream.width * stream.height > LARGEST:
            raise Refused("too_large", f"{stream.width} × {stream.height}")
        rotation, frames = 0, 0
        interlaced = 0
        try:
            for frame in container.decode(stream):
                rotation = frame.rotation
                interlaced += bool(frame.interlaced_frame)
                frames += 1
                if frames >= SAMPLE_FRAMES:
                    break
        except av.error.FFmpegError as error:
            if not frames:
                raise Refused("damaged", str(error)) from error
        except ValueError as error:
            raise Refused("codec", str(error)) from error
        if not frames:
            raise Refused("damaged", "no picture could be decoded")
        duration, packets, sounding = _lengths(path, options, stream.index)
        context = stream.codec_context
        sar = stream.sample_aspect_ratio or 1
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        if duration > 0 and not packets / duration * 0.5 < rate < packets / duration * 2:
            rate = packets / duration  # Matroska and FLV tell their clock (1000) where they don't know
        return {
            "container": container.format.name,
            "video": {
                "index": stream.index,
                "codec": context.name,
                "width": stream.width,
                "height": stream.height,
                "sar": float(sar),
                "rotation": rotation,
                "frame_rate": rate,
                "interlaced": interlaced > frames / 2,
                "hdr": HDR_TRANSFERS.get(int(context.color_trc or 0), ""),
                "pixel_format": context.pix_fmt,
            },
            "audio": [
                {
                    "index": s.index,
                    "codec": s.codec_context.name,
                    "channels": s.codec_context.channels,
                    "language": s.metadata.get("language", ""),
                    "title": s.metadata.get("title", ""),
                }
                for s in container.streams.audio
                if s.index in sounding
            ],
            "subtitles": [
                {
                    "index": s.index,
                    "codec": s.codec_context.name,
                    "language": s.metadata.get("language", ""),
                    "title": s.metadata.get("title", ""),
                }
                for s in container.streams.subtitles
            ],
            "chapters": [
                {
                    "start": float(c["start"] * (c["time_base"] or 0)),
                    "title": c["metadata"].get("title", ""),
                }
                for c in container.chapters()
            ],
            "duration": duration,
            "bit_rate": container.bit_rate or 0,
        }


def _lengths(path: str, options: dict[str, str], video: int) -> tuple[float, int, set[int]]:
    """(seconds of picture over all packets, how many packets, indexes of the audio streams that hold any)."""
    start, end, packets, sounding = math.inf, 0.0, 0, set()
    with av.open(f"file:{path}", options=options) as container:
        audio = {s.index for s in container.streams.audio if s.codec_context is not None}
        try:
            for packet in container.demux():
                index = packet.stream_index
                if packet.size and index in audio:
                    sounding.add(index)
                if index != video or not packet.size:
                    continue
                at = packet.pts if packet.pts is not None else packet.dts
                base = packet.time_base
                if at is None or base is None:
                    continue
                packets += 1
                seconds = float(at * base)
                start = min(start, seconds)
                end = max(end, seconds + float((packet.duration or 0) * base))
        except av.error.FFmpegError:  # a file cut short: what was read counts
            pass
    return (max(0.0, end - start) if start < math.inf else 0.0), packets, sounding


def main() -> None:
    try:
        print(json.dumps(measure(sys.argv[1])))  # noqa: T201
    except Refused as refused:
        print(json.dumps({"refused": refused.code, "detail": refused.detail}))  # noqa: T201


if __name__ == "__main__":
    main()
