"""Durations, rates and keyframes of a file, measured over all of its packets. Part of the probe."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from statistics import fmean
from typing import cast

import av
import av.error
import av.format
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from utils.mediakit.containers import REWIND
from utils.mediakit.shapes import Shapes, canvas
from utils.mediakit.source import AudioTrack, Source, VideoTrack

CLOCK = 0.0015  # seconds; containers round to milliseconds
EVEN = 0.9  # share of frames at even intervals from which the rate counts as constant
DECODE_EVERY = 0.5  # seconds between two audio packets that are decoded as a sample
LEAST_GAP = 0.1  # seconds without audio that must be filled with silence
JUMP = 10.0  # seconds; a broadcast's clock that leaps ahead by more has been reset, as FFmpeg sees it
LATE = 2.0  # seconds by which any other clock must go back for the packets that follow to be out of order
# Codecs whose packets never begin with ZEROS zero bytes: one that does was never written to the disk.
MARKED = {"h264", "hevc", "mpeg4", "mpeg2video", "mjpeg", "prores", "vp8", "vp9", "libvpx-vp9", "av1", "libdav1d"}
ZEROS, EMPTY = 32, 8  # bytes: those that are compared, and the size of a packet that only repeats a frame


def has_clock_resets(container: InputContainer) -> bool:
    """Whether the container's clock may be reset in the middle of the file, as that of a broadcast."""
    return bool(container.format.flags & cast("int", av.format.Flags.ts_discont.value))


def packets(container: InputContainer, *streams: Stream) -> Iterator[Packet[Stream]]:
    """The packets of a container, or of some of its streams."""
    try:
        yield from container.demux(*streams)
    except IndexError:  # at the end, when PyAV flushes a stream that appeared in the middle of the file
        return


class _TrackScan:
    """What is known of one stream from its packets. Times are in seconds of the container's clock."""

    def __init__(self, stream: Stream, *, resets: bool) -> None:
        self.tick: float = float(stream.time_base or 0)  # seconds
        self.start, self.end, self.filled, self.longest = math.inf, -math.inf, 0.0, 0.0
        self.packets = self.bytes = 0
        self.intact = True  # no packet is truncated, corrupt or undecodable
        self.out_of_order = 0  # number of packets that come long after later ones; players drop them
        self.out_of_order_from = 0.0  # where they begin
        self.clock_reset = False  # the clock was set back
        self._before = self._clock = -math.inf
        self._resets, self._shift = resets, 0.0
        # of audio: the most channels, as decoded, and whether the format of the samples changes
        self.channels, self.varies = 0, False
        context = stream.codec_context if isinstance(stream, AudioStream) else None
        self._is_audio = context is not None
        # may be copied, so every packet must be sound
        self._copyable = context is not None and context.name == "aac" and context.channels <= 2
        self._samples, self._decoded_at = "", -math.inf

    def add(self, packet: Packet[Stream]) -> float | None:
        """Count one packet. Returns its time in seconds, or None if it has none."""
        at = packet.pts if packet.pts is not None else packet.dts
        if at is None:
            return None
        length = (packet.duration or 0) * self.tick
        if self._is_audio and length > JUMP:  # no codec has such packets: the index is damaged
            length = 0.0
        seconds: float = at * self.tick + self._shift
        clock = (
            self.tick * (at if packet.dts is None else packet.dts) + self._shift
        )  # decode time, which never decreases
        back, ahead = self._clock - clock, seconds - self.end
        if self._resets and self.packets and (back > REWIND or abs(ahead) > (REWIND if self.clock_reset else JUMP)):
            self.clock_reset = self.clock_reset or back > REWIND
            self._shift -= ahead
            clock, seconds = clock - ahead, self.end
        elif back > LATE:
            self.out_of_order += 1
            self.out_of_order_from = self._before
        if clock > self._clock:
            self._before, self._clock = self._clock, clock
        self.packets += 1
        self.bytes += packet.size
        self.intact = self.intact and not packet.is_corrupt
        if self._is_audio and ((self._copyable and self.intact) or abs(seconds - self._decoded_at) >= DECODE_EVERY):
            self._decode(packet, seconds)
        if seconds < self.start:
            self.start = seconds
        if seconds + length > self.end:
            self.end = seconds + length
        self.filled += length
        self.longest = max(self.longest, length)
        return seconds

    def _decode(self, packet: Packet[Stream], second: float) -> None:
        """Decode one packet of audio."""
        self._decoded_at = second
        try:
            frames = [frame for frame in packet.decode() if isinstance(frame, AudioFrame)]
        except av.error.FFmpegError:
            self.intact = False
            return
        for frame in frames:
            samples = f"{frame.layout.name} {frame.sample_rate} {frame.format.name}"
            self.varies = self.varies or self._samples not in ("", samples)
            self._samples = samples
            self.channels = max(self.channels, frame.layout.nb_channels)


class PacketScan:
    """Durations, rates and keyframes: of the video stream `video` and the audio streams `sounds`, by their indexes."""

    def __init__(self, container: InputContainer, video: int, sounds: list[int]) -> None:
        tracks = {s.index: _TrackScan(s, resets=has_clock_resets(container)) for s in container.streams}
        self.video = tracks[video]
        self.tracks = {video: self.video, **{index: tracks[index] for index in sounds}}
        # subtitles, data, and streams of other programmes
        beside = {index: track for index, track in tracks.items() if index not in self.tracks}
        self.times: list[float] = []
        self._untimed = 0
        self.keys: list[float] = []
        self.clean = True  # see VideoTrack.clean
        (picture,) = (stream for stream in container.streams.video if stream.index == video)
        self.shapes = Shapes(picture)
        self.zeroed, self.zeroed_from = 0.0, math.inf  # seconds of video that was never written, and from where
        self._marked = picture.codec_context.name in MARKED
        self.origin = (container.start_time or 0) / av.time_base
        try:
            for packet in packets(container):
                if packet.stream_index in beside:
                    beside[packet.stream_index].add(packet)
                elif packet.stream_index in self.tracks and packet.size:
                    self._add(packet, video)
        except av.error.FFmpegError:  # a truncated file: what was read counts
            self.clean = False
        if not self.times:
            self._count(picture)
        self.length = max(0.0, self.video.end - self.video.start)
        self.end = max(track.end for track in self.tracks.values()) - self.origin  # of video and audio
        # a subtitle may be shown until after the end of the video, and the header counts that
        self.end_of_others = max((track.end for track in beside.values()), default=-math.inf) - self.origin

    def _add(self, packet: Packet[Stream], video: int) -> None:
        if packet.stream_index == video and packet.is_discard:  # before or after what an edit list shows
            self.clean = False
            return
        seconds = self.tracks[packet.stream_index].add(packet)
        if packet.stream_index != video:
            return
        if seconds is None:
            self._untimed += 1
            self.video.bytes += packet.size
        else:
            self.times.append(seconds)
            if self._marked and packet.size > EMPTY and not any(memoryview(packet)[:ZEROS]):
                self.zeroed += self.video.tick * (packet.duration or 0)
                self.zeroed_from = min(self.zeroed_from, seconds - self.origin)
        if seconds is None or packet.is_corrupt or (not self.keys and not packet.is_keyframe):
            self.clean = False
        elif packet.is_keyframe:
            self.keys.append(seconds)
            self.shapes.add(packet, seconds - self.origin)
            self.clean = self.clean and not self.shapes.anew and _is_idr(bytes(packet))

    def _count(self, stream: VideoStream) -> None:
        """Times for an elementary stream, which has none: its frames come at even intervals."""
        tick = float(1 / (stream.average_rate or Fraction(25)))
        self.times = [number * tick for number in range(self._untimed)]
        if self.times:
            self.video.start, self.video.end = self.origin, self.origin + self._untimed * tick

    def rate(self, stated: Fraction) -> Fraction:
        """Frames per second; if the rate varies, that of the faster stretches, so that no frame is dropped there."""
        self.times.sort()
        steps = sorted(b - a for a, b in pairwise(self.times) if b > a)
        if not steps:
            return stated or Fraction(25)
        even = [step for step in steps if abs(step - steps[len(steps) // 2]) < CLOCK]
        usual = 1 / fmean(even if len(even) > EVEN * len(steps) else steps)  # in spite of a few missing frames
        brisk = steps[len(steps) // 10]
        quick = 1 / fmean(step for step in steps if step <= 1.15 * brisk)  # containers round to milliseconds
        found = quick if quick > 1.08 * usual else usual
        # Matroska and FLV state their clock rate (1000) if the frame rate is unknown
        return stated if abs(stated - found) < 0.02 * found else Fraction(found).limit_denominator(1001)

    def corrected(self, claimed: Source) -> Source:
        """What the headers claim, corrected by what was measured. Times count from the start of the file."""
        chapters = [replace(one, start=max(0.0, one.start - self.origin)) for one in claimed.chapters]
        return replace(
            claimed,
            duration=self.end,
            clock_resets=any(track.clock_reset for track in self.tracks.values()),
            video=self._picture(claimed.video),
            audio=tuple(self._sound(one) for one in claimed.audio if self.tracks[one.index].packets),
            chapters=tuple(chapter for chapter in chapters if chapter.start < self.end),
        )

    def _picture(self, claimed: VideoTrack) -> VideoTrack:
        end, shapes = self.video.end - self.origin, self.shapes.found
        if len(shapes) > 1:
            width, height = canvas(shapes, end)
            claimed = replace(claimed, width=width, height=height, sar=1.0, shapes=tuple(shapes))
        return replace(
            claimed,
            frame_rate=self.rate(claimed.frame_rate),
            bit_rate=round(8 * self.video.bytes / self.length),
            start=self.video.start - self.origin,
            end=end,
            clean=self.clean,
            keyframes=tuple(key - self.origin for key in sorted(self.keys)),
        )

    def _sound(self, claimed: AudioTrack) -> AudioTrack:
        track = self.tracks[claimed.index]
        length = track.end - track.start
        stretched = track.longest >= LEAST_GAP  # MP4 extends a packet's duration over the gap after it
        return replace(
            claimed,
            start=track.start - self.origin,
            varies=track.varies,
            channels=max(claimed.channels, track.channels),
            bit_rate=round(8 * track.bytes / max(0.1, length)),
            gapless=track.intact and abs(track.filled - length) < LEAST_GAP and not stretched,
        )


def _is_idr(data: bytes) -> bool:
    """Whether the first slice of an H.264 packet, length-prefixed or Annex B, is an IDR slice (NAL unit type 5)."""
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
