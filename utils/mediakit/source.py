"""What a media file holds, as measured by the probe."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple


class Shape(NamedTuple):
    """The size of the video from `start` (seconds) on: pixels as coded, and the sample aspect ratio."""

    start: float
    width: int
    height: int
    sar: float

    @property
    def ratio(self) -> float:
        """Width by height as shown."""
        return self.width * self.sar / self.height


@dataclass(frozen=True)
class VideoTrack:
    """The main video track. Sizes are in pixels as coded, times in seconds from the start of the file.

    If the size changes, `shapes` lists each size, and `width`, `height` and `sar` are those of a canvas that holds them
    all.
    """

    index: int  # of the stream in the file
    codec: str  # FFmpeg's name for the decoder
    profile: str  # as FFmpeg names it; empty if the codec has none
    width: int
    height: int
    sar: float  # sample aspect ratio: the width of a pixel by its height
    rotation: int  # degrees, a multiple of 90
    has_display_matrix: bool  # frames are to be rotated or flipped, or may be
    frame_rate: Fraction  # frames per second
    bit_rate: int  # bits per second
    interlaced: bool
    hdr: str  # transfer function: "pq", "hlg", or empty for SDR
    color_matrix: int  # ITU-T H.273 matrix coefficients; 2: unspecified
    pixel_format: str  # FFmpeg's name, "yuv420p"
    start: float
    end: float
    clean: bool  # every keyframe is an IDR picture under one header, no packet is damaged or hidden by an edit list
    keyframes: tuple[float, ...]
    shapes: tuple[Shape, ...]  # empty if the size never changes

    def shown_size(self, shape: Shape | None = None) -> tuple[int, int]:
        """Width and height in square pixels, rotation applied: of the whole track, or of one of its shapes."""
        size = shape or self
        width, height = size.width * (size.sar or 1), float(size.height)
        if self.rotation % 180:
            width, height = height, width
        return round(width), round(height)


@dataclass(frozen=True)
class AudioTrack:
    """One audio track."""

    index: int  # of the stream in the file
    codec: str  # FFmpeg's name for the decoder
    profile: str
    channels: int  # the most there are at once
    sample_rate: int  # hertz
    bit_rate: int  # bits per second
    start: float  # seconds from the start of the file
    language: str  # as written in the file: ISO 639-2, or anything
    title: str
    varies: bool  # channels, rate or format of the samples change in the middle of the track
    gapless: bool  # no packet is damaged, and none is missing


@dataclass(frozen=True)
class TextTrack:
    """One subtitle track, page of teletext or channel of closed captions."""

    index: int  # of the stream in the file; of closed captions, the video stream that carries them
    codec: str  # FFmpeg's name for the decoder, or a name of mediakit.text_tracks
    language: str  # as written in the file: ISO 639-2, or anything
    title: str = ""
    page: str = ""  # of teletext, "888"; of closed captions "CC3" for those of the second field
    default: bool = False
    forced: bool = False  # translates foreign parts only
    hearing_impaired: bool = False


@dataclass(frozen=True)
class Chapter:
    """A chapter, which lasts until the next one."""

    start: float  # seconds from the start of the file
    title: str


@dataclass(frozen=True)
class Source:
    """A media file that can be encoded."""

    container: str  # FFmpeg's name for the demuxer, "mov,mp4,m4a,3gp,3g2,mj2"
    duration: float  # seconds, of picture and sound
    clock_resets: bool  # the clock of a broadcast is set back in the middle of the file
    video: VideoTrack
    audio: tuple[AudioTrack, ...]
    texts: tuple[TextTrack, ...]
    chapters: tuple[Chapter, ...]
