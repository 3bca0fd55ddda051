"""Lengths, rates and keyframes of a file by its packets, not by what its header claims. Part of probe."""

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

CLOCK = 0.0015  # seconds: containers round to milliseconds
EVEN = 0.9  # share of the pictures that come evenly where the rate is constant
LISTEN_EVERY = 0.5  # seconds between two packets of a sound that are decoded
LEAST_GAP = 0.1  # seconds without sound that are to be filled
JUMP = 10.0  # seconds by which a broadcast's clock must leap ahead to have been set anew, as for FFmpeg
LATE = 2.0  # seconds by which any other clock must go back for what follows to be out of turn
# Codecs of which no packet begins with so many zeros: what does was never written.
MARKED = {"h264", "hevc", "mpeg4", "mpeg2video", "mjpeg", "prores", "vp8", "vp9", "libvpx-vp9", "av1", "libdav1d"}
HOLLOW, EMPTY = 32, 8  # bytes looked at; of a packet that only repeats a picture


def has_jumps(container: InputContainer) -> bool:
    """Whether the container's clock may be set anew on the way, as that of a broadcast."""
    return bool(container.format.flags & cast("int", av.format.Flags.ts_discont.value))


def packets(container: InputContainer, *streams: Stream) -> Iterator[Packet[Stream]]:
    """The packets of a container or of some of its streams, as far as they can be read."""
    try:
        yield from container.demux(*streams)
    except IndexError:  # all was read; PyAV trips over a stream that appeared on the way when it comes to flush it
        return


class _Track:
    """What the packets of one stream add up to."""

    def __init__(self, stream: Stream, *, jumps: bool) -> None:
        self.tick: float = float(stream.time_base or 0)  # seconds
        self.start, self.end, self.sounding, self.longest = math.inf, -math.inf, 0.0, 0.0
        self.packets = self.bytes = 0
        self.whole = True  # no packet is cut short, known to be broken or can't be decoded
        self.behind = 0  # packets that come long after later ones: players drop them
        self.turned_back_at = 0.0  # seconds, where they begin
        self.rewound = False  # the clock was set anew to what it had been
        self._before = self._clock = -math.inf
        self._jumps, self._shift = jumps, 0.0
        self.channels, self.varies = 0, False  # of a sound: the most, as decoded; whether its samples change on the way
        context = stream.codec_context if isinstance(stream, AudioStream) else None
        self._sounds = context is not None
        # may be handed on as it is
        self._judged = context is not None and context.name == "aac" and context.channels <= 2
        self._samples, self._listened = "", -math.inf

    def add(self, packet: Packet[Stream]) -> float | None:
        """Count one packet; returns its time in seconds, None where it has none."""
        at = packet.pts if packet.pts is not None else packet.dts
        if at is None:
            return None
        length = (packet.duration or 0) * self.tick
        if self._sounds and length > JUMP:  # nothing is coded so: the index is broken
            length = 0.0
        seconds: float = at * self.tick + self._shift
        clock = self.tick * (at if packet.dts is None else packet.dts) + self._shift  # as decoded, so it only goes on
        back, ahead = self._clock - clock, seconds - self.end
        if self._jumps and self.packets and (back > REWIND or abs(ahead) > (REWIND if self.rewound else JUMP)):
            self.rewound = self.rewound or back > REWIND
            self._shift -= ahead
            clock, seconds = clock - ahead, self.end
        elif back > LATE:
            self.behind += 1
            self.turned_back_at = self._before
        if clock > self._clock:
            self._before, self._clock = self._clock, clock
        self.packets += 1
        self.bytes += packet.size
        self.whole = self.whole and not packet.is_corrupt
        if self._sounds and ((self._judged and self.whole) or abs(seconds - self._listened) >= LISTEN_EVERY):
            self._listen(packet, seconds)
        if seconds < self.start:
            self.start = seconds
        if seconds + length > self.end:
            self.end = seconds + length
        self.sounding += length
        self.longest = max(self.longest, length)
        return seconds

    def _listen(self, packet: Packet[Stream], second: float) -> None:
        """Decode one packet of a sound."""
        self._listened = second
        try:
            frames = [frame for frame in packet.decode() if isinstance(frame, AudioFrame)]
        except av.error.FFmpegError:
            self.whole = False
            return
        for frame in frames:
            samples = f"{frame.layout.name} {frame.sample_rate} {frame.format.name}"
            self.varies = self.varies or self._samples not in ("", samples)
            self._samples = samples
            self.channels = max(self.channels, frame.layout.nb_channels)


class Lengths:
    """Lengths, rates and keyframes over all packets of a file."""

    def __init__(self, container: InputContainer, video: int, sounds: list[int]) -> None:
        tracks = {s.index: _Track(s, jumps=has_jumps(container)) for s in container.streams}
        self.video = tracks[video]
        self.tracks = {video: self.video, **{index: tracks[index] for index in sounds}}
        # subtitles, data, and what is another programme's
        beside = {index: track for index, track in tracks.items() if index not in self.tracks}
        self.times: list[float] = []
        self._untimed = 0
        self.keys: list[float] = []
        self.clean = True  # every keyframe starts afresh (IDR) under one header and nothing is to be left out
        (picture,) = (stream for stream in container.streams.video if stream.index == video)
        self.shapes = Shapes(picture)
        self.hollow, self.hollow_from = 0.0, math.inf  # seconds of picture that was never written, and from where
        self._marked = picture.codec_context.name in MARKED
        self.origin = (container.start_time or 0) / av.time_base
        try:
            for packet in packets(container):
                if packet.stream_index in beside:
                    beside[packet.stream_index].add(packet)
                elif packet.stream_index in self.tracks and packet.size:
                    self._add(packet, video)
        except av.error.FFmpegError:  # a file cut short: what was read counts
            self.clean = False
        if not self.times:
            self._count(picture)
        self.length = max(0.0, self.video.end - self.video.start)
        self.end = max(track.end for track in self.tracks.values()) - self.origin  # of picture and sound
        # a text may stay on the screen, by the header, for longer than there is one
        self.others = max((track.end for track in beside.values()), default=-math.inf) - self.origin

    def _add(self, packet: Packet[Stream], video: int) -> None:
        if packet.stream_index == video and packet.is_discard:  # before or behind what an edit list shows
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
            if self._marked and packet.size > EMPTY and not any(memoryview(packet)[:HOLLOW]):
                self.hollow += self.video.tick * (packet.duration or 0)
                self.hollow_from = min(self.hollow_from, seconds - self.origin)
        if seconds is None or packet.is_corrupt or (not self.keys and not packet.is_keyframe):
            self.clean = False
        elif packet.is_keyframe:
            self.keys.append(seconds)
            self.shapes.add(packet, seconds - self.origin)
            self.clean = self.clean and not self.shapes.anew and _is_idr(bytes(packet))

    def _count(self, stream: VideoStream) -> None:
        """Times of a bare stream, that has none: its pictures come evenly."""
        tick = float(1 / (stream.average_rate or Fraction(25)))
        self.times = [number * tick for number in range(self._untimed)]
        if self.times:
            self.video.start, self.video.end = self.origin, self.origin + self._untimed * tick

    def rate(self, stated: Fraction) -> Fraction:
        """Pictures per second; where they vary, of the quicker stretches, so that none is lost there."""
        self.times.sort()
        steps = sorted(b - a for a, b in pairwise(self.times) if b > a)
        if not steps:
            return stated or Fraction(25)
        even = [step for step in steps if abs(step - steps[len(steps) // 2]) < CLOCK]
        usual = 1 / fmean(even if len(even) > EVEN * len(steps) else steps)  # a few that are missing don't count
        brisk = steps[len(steps) // 10]
        quick = 1 / fmean(step for step in steps if step <= 1.15 * brisk)  # containers round to milliseconds
        found = quick if quick > 1.08 * usual else usual
        # Matroska and FLV tell their clock (1000) where they don't know
        return stated if abs(stated - found) < 0.02 * found else Fraction(found).limit_denominator(1001)

    def corrected(self, claimed: Source) -> Source:
        """What the headers claim, with what was measured in its place."""
        chapters = [replace(one, start=max(0.0, one.start - self.origin)) for one in claimed.chapters]
        return replace(
            claimed,
            duration=self.end,
            clock_resets=any(track.rewound for track in self.tracks.values()),
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
        stretched = track.longest >= LEAST_GAP  # by MP4, over the gap behind a packet
        return replace(
            claimed,
            start=track.start - self.origin,
            varies=track.varies,
            channels=max(claimed.channels, track.channels),
            bit_rate=round(8 * track.bytes / max(0.1, length)),
            gapless=track.whole and abs(track.sounding - length) < LEAST_GAP and not stretched,
        )


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
