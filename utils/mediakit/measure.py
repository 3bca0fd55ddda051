"""Prints as JSON what a media file holds, as measured and not as its headers claim.

`probe` runs it as `python -m utils.mediakit.measure FD` in a process of its own, which gives up access to all other
files before it reads this one. Every packet is read once; a few pictures are decoded.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from utils import typed_json
from utils.mediakit import text_tracks
from utils.mediakit.broadcast import Programme, programmes, scrambled
from utils.mediakit.containers import DEMUXERS, bearable, encrypted, for_dolby_vision_only, is_known, is_photo
from utils.mediakit.packets import PacketScan, has_clock_resets, packets
from utils.mediakit.refusals import Refusal, RefusalCode, Refused, damaged
from utils.mediakit.report import Report
from utils.mediakit.sandbox import landlock
from utils.mediakit.source import AudioTrack, Chapter, Source, VideoTrack
from utils.mediakit.text_tracks import side_data, words

OPTIONS = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
SAMPLE_FRAMES = 12  # frames that must be decodable
ANIMATIONS = {"gif", "apng"}
LARGEST_SIDE = 8192  # pixels
FASTEST = 2000  # frames per second; a file with more has no usable timestamps
MOST_OUT_OF_ORDER = 2  # packets
SLOWEST = 60  # seconds per frame, in a file of more than LONGEST; one with fewer frames has broken timestamps
LONGEST = 24 * 3600  # seconds
HDR_TRANSFERS = {16: "pq", 18: "hlg"}  # ITU-T H.273 transfer characteristics


def measure(file: int) -> Source:
    """What an open file holds. Raises Refused."""
    if is_photo(file):
        raise Refused(Refusal(RefusalCode.NOT_A_VIDEO, "a photo"))
    if encrypted(file) or scrambled(file):
        raise Refused(Refusal(RefusalCode.ENCRYPTED))
    with _open(file) as container:
        if for_dolby_vision_only(file, container.format.name):
            raise Refused(Refusal(RefusalCode.CODEC, "Dolby Vision without a picture for other screens"))
        index = _picture(container)
    with _open(file) as container:
        (stream,) = (one for one in container.streams.video if one.index == index)
        table = programmes(file) if container.format.name == "mpegts" else []
        own = next((programme for programme in table if stream.id in programme.pids), None)
        if own and own.scrambled:
            raise Refused(Refusal(RefusalCode.ENCRYPTED))
        claimed = _claimed(container, stream, _sample(container, stream), own)
        promised = _promised(container, stream)
    with _open(file) as container:
        scan = PacketScan(container, index, [track.index for track in claimed.audio])
    _judge(scan, claimed.container, promised)
    return scan.corrected(claimed)


def _judge(scan: PacketScan, container: str, promised: float) -> None:
    """Raises Refused for a file that can't be played to its end; its header promises so many seconds."""
    if scan.length <= 0:
        raise damaged("no picture has a time")
    if FASTEST * (max(scan.times) - min(scan.times)) < len(scan.times) - 1:
        raise damaged(f"all {len(scan.times)} pictures come at once")
    if container in ANIMATIONS and len(scan.times) < 2:
        raise Refused(Refusal(RefusalCode.NOT_A_VIDEO, "a single picture"))
    for shape in scan.shapes.found:
        if max(shape.width, shape.height) > LARGEST_SIDE:
            detail = f"{shape.width} × {shape.height}, {shape.start:.1f} s from the beginning"
            raise Refused(Refusal(RefusalCode.TOO_LARGE, detail))
    for track in scan.tracks.values():
        if track.out_of_order > MOST_OUT_OF_ORDER:
            at = max(0.0, track.out_of_order_from - scan.origin)
            raise damaged(f"the clock goes back: {track.out_of_order} packets are out of order", at_seconds=at)
    if scan.length > LONGEST:
        detail = f"{len(scan.times)} pictures in {scan.length:.0f} s"
        if SLOWEST * len(scan.times) > scan.length:
            raise Refused(Refusal(RefusalCode.TOO_LONG, detail))
        raise damaged(detail)
    missing, most = promised - scan.end, bearable(scan.end)
    if missing > most and abs(promised - scan.end_of_others) > most:
        raise damaged(f"{missing:.1f} s of what the header promises are missing", at_seconds=scan.end)
    if scan.zeroed > most:
        raise damaged(f"{scan.zeroed:.1f} s hold nothing but zeros", at_seconds=scan.zeroed_from)


def _open(file: int) -> InputContainer:
    os.lseek(file, 0, os.SEEK_SET)
    try:
        return av.open(
            os.fdopen(os.dup(file), "rb", buffering=0),
            "r",
            options=OPTIONS,
            metadata_errors="surrogateescape",
            buffer_size=1024 * 1024,
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if is_known(file):
            raise damaged(str(error)) from error
        raise Refused(Refusal(RefusalCode.NOT_A_VIDEO, str(error))) from error


def _picture(container: InputContainer) -> int:
    """The index of the main video stream: the largest of those that last long and are no cover art."""
    pictures = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not pictures:
        if container.streams.audio:
            raise Refused(Refusal(RefusalCode.NO_VIDEO))
        if any(s.type != "data" for s in container.streams):
            raise Refused(Refusal(RefusalCode.NOT_A_VIDEO))
        raise damaged("the index ends before it says what the streams are")
    known = [s for s in pictures if s.codec_context is not None]
    if not known:
        raise Refused(Refusal(RefusalCode.CODEC, "unknown"))
    count: Counter[int] = Counter()
    if len(known) > 1:
        with contextlib.suppress(av.error.FFmpegError):
            count.update(packet.stream_index for packet in packets(container, *known))
    long = [s for s in known if 2 * count[s.index] >= max(count.values(), default=0)]
    stream = max(long, key=lambda s: (s.width or 0) * (s.height or 0))
    if max(stream.width or 0, stream.height or 0) > LARGEST_SIDE:
        raise Refused(Refusal(RefusalCode.TOO_LARGE, f"{stream.width} × {stream.height}"))
    return stream.index


def _sample(container: InputContainer, stream: VideoStream) -> list[VideoFrame]:
    """The first frames. Raises Refused if there are none, or if they are too large."""
    frames: list[VideoFrame] = []
    try:
        for packet in packets(container, stream):
            frames += [frame for frame in packet.decode() if isinstance(frame, VideoFrame)]
            if len(frames) >= SAMPLE_FRAMES:
                break
    except av.error.DecoderNotFoundError as error:
        raise Refused(Refusal(RefusalCode.CODEC, f"{stream.codec_context.name}: {error}")) from error
    except av.error.FFmpegError as error:
        if not frames:
            raise damaged(str(error)) from error
    if not frames:
        raise damaged("no picture could be decoded")
    if max(frames[0].width, frames[0].height) > LARGEST_SIDE:
        raise Refused(Refusal(RefusalCode.TOO_LARGE, f"{frames[0].width} × {frames[0].height}"))
    if min(frames[0].width, frames[0].height) < 2:
        raise damaged("the picture has no size")
    return frames


def _beside(container: InputContainer, own: Programme | None) -> list[Stream]:
    """Audio and subtitle streams of the programme `own`, or all if there are no programmes; default ones first."""
    streams = [s for s in (*container.streams.audio, *container.streams.subtitles) if own is None or s.id in own.pids]
    return sorted(streams, key=lambda s: not s.disposition & av.stream.Disposition.default)


def _claimed(
    container: InputContainer, stream: VideoStream, sample: Sequence[VideoFrame], own: Programme | None
) -> Source:
    """What headers and first frames say; fields that take all packets to know are 0 or empty."""
    beside, pages = _beside(container, own), own.pages if own else {}
    spoken = next((words(s.metadata, "language") for s in beside if s.type == "audio"), "")
    return Source(
        container=container.format.name,
        duration=0.0,
        clock_resets=False,
        video=_video(stream, sample),
        audio=tuple(_audio(s) for s in beside if isinstance(s, AudioStream) and _has_samples(s)),
        texts=tuple(text_tracks.tracks(beside, pages, stream, sample, spoken)),
        chapters=tuple(
            Chapter(float(c["start"] * (c["time_base"] or 0)), words(c["metadata"], "title"))
            for c in container.chapters()
        ),
    )


def _video(stream: VideoStream, sample: Sequence[VideoFrame]) -> VideoTrack:
    context, first = stream.codec_context, sample[0]
    return VideoTrack(
        index=stream.index,
        codec=context.name,
        profile=context.profile or "",
        width=first.width,
        height=first.height,
        sar=float(stream.sample_aspect_ratio or 1) or 1.0,
        rotation=_rotation(first.rotation),
        has_display_matrix=_has_matrix(first),
        frame_rate=stream.average_rate or stream.guessed_rate or Fraction(25),
        bit_rate=0,
        interlaced=sum(bool(f.interlaced_frame) for f in sample) > len(sample) / 2,
        hdr=HDR_TRANSFERS.get(int(context.color_trc or 0), ""),
        color_matrix=int(context.colorspace or 2),  # 2: unspecified
        pixel_format=context.pix_fmt or "",
        start=0.0,
        end=0.0,
        clean=False,
        keyframes=(),
        shapes=(),
    )


def _has_samples(stream: AudioStream) -> bool:
    context = stream.codec_context
    return context is not None and bool(context.channels and context.sample_rate)


def _audio(stream: AudioStream) -> AudioTrack:
    context = stream.codec_context
    return AudioTrack(
        index=stream.index,
        codec=context.name,
        profile=context.profile or "",
        channels=context.channels,
        sample_rate=context.sample_rate,
        bit_rate=0,
        start=0.0,
        language=words(stream.metadata, "language"),
        title=words(stream.metadata, "title"),
        varies=False,
        gapless=False,
    )


def _has_matrix(frame: VideoFrame) -> bool:
    """Whether a frame is to be rotated or flipped, or may be."""
    try:
        return any(side.type.name == "DISPLAYMATRIX" for side in side_data(frame))
    except ValueError:  # side data (EXIF, a second view) that PyAV doesn't know yet
        return True


def _rotation(degrees: float) -> int:
    """Degrees rounded to a quarter turn; 0 for other angles, at which FFmpeg doesn't rotate either."""
    nearest = 90 * round(degrees / 90)
    return nearest if abs(degrees) <= 360 and abs(degrees - nearest) < 1 else 0


def _promised(container: InputContainer, stream: VideoStream) -> float:
    """The duration in seconds that the header claims; 0 for a broadcast, which has no such header."""
    if has_clock_resets(container):
        return 0.0
    claimed: float = (container.duration or 0) / av.time_base
    if container.format.name == "avi" and stream.frames and stream.average_rate:
        return float(
            stream.frames / stream.average_rate
        )  # for a file without an index, FFmpeg estimates the duration from its size
    if "matroska" in container.format.name:  # its duration includes subtitles that end after the film
        claimed = min(claimed, max(_tagged(s) for s in (stream, *container.streams.audio)) or claimed)
    return claimed - max(0, container.start_time or 0) / av.time_base  # most containers count from zero


def _tagged(stream: Stream) -> float:
    """Seconds by the DURATION tag ("00:01:02.5") that FFmpeg and MKVToolNix give a Matroska track; 0 without one."""
    found = re.fullmatch(r"(\d+):(\d\d):(\d\d\.\d+)", stream.metadata.get("DURATION", ""))
    return 3600 * int(found[1]) + 60 * int(found[2]) + float(found[3]) if found else 0.0


def confine() -> None:
    """Give up access to all files but the modules of Python and PyAV, which may still be imported."""
    modules = Path(av.__file__).parent
    landlock.confine(read=[Path(os.__file__).parent, modules, modules.with_name("av.libs")])


def main() -> None:
    confine()
    try:
        report = Report(source=measure(int(sys.argv[1])))
    except Refused as refused:
        report = Report(refusal=refused.refusal)
    print(json.dumps(typed_json.dump(report)))  # noqa: T201


if __name__ == "__main__":
    main()
