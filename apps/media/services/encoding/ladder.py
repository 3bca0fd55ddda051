"""The levels of a source: never larger than it, in square pixels and even sizes, all cut at the same moments."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction

from apps.media.services.encoding.plan import Level, Part, Plan
from utils.mediakit.source import Source, VideoTrack

SEGMENT = 4  # seconds between the keyframes, which all levels share
HIGHEST_RATE = 60  # frames per second
LONGEST_SIDE = 3840  # pixels
LONGEST_SEGMENT = 12.0  # seconds between the keyframes of a source that is copied
CHUNKED_FROM = 240.0  # seconds of a source that is encoded in chunks
CHUNK = 20.0  # seconds of one chunk

# short side in pixels: peak bits per second of the picture
PEAKS = {1080: 5_000_000, 720: 2_800_000, 480: 1_400_000, 360: 800_000, 240: 400_000}
HEADROOM = {
    "hevc": 2.5,
    "vp9": 2.5,
    "libdav1d": 3.0,
    "av1": 3.0,
}  # H.264 needs this many times the bits of a newer codec
RATES = [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001), *map(Fraction, (24, 25, 30, 48, 50, 60))]
SEEKABLE = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}  # containers with an index of keyframes


def frame_rate(video: VideoTrack) -> Fraction:
    """The constant frame rate of all levels: the source's, halved until it is 60 or less."""
    rate = video.frame_rate
    nearest = min(RATES, key=lambda known: abs(known - rate))
    if abs(nearest - rate) < rate / 200:
        rate = nearest
    while rate > HIGHEST_RATE:
        rate /= 2
    return max(Fraction(5), rate.limit_denominator(1001))


def plan(source: Source, *, copy: bool = True) -> Plan:
    """The ladder of a source, with at least one level. Without `copy`, all of it is encoded."""
    whole = copy and copyable(source)
    levels = _levels(source.video, whole=whole)
    found = Plan(levels, frame_rate(source.video), levels[0] if whole else None)
    if whole:
        found.cuts = [found.frame(key) for key in thinned(source.video.keyframes)]
    found.parts = _parts(source, found)
    if not found.cuts:
        found.cuts = _even_cuts(source.duration, found)
    return found


def copyable(source: Source) -> bool:
    """Whether the picture already is what we would encode, so that its packets can be copied."""
    video = source.video
    short = min(video.width, video.height)
    if not (
        video.codec == "h264"
        and video.profile in {"Baseline", "Constrained Baseline", "Main", "High"}
        and video.pixel_format == "yuv420p"
        and video.clean
        and not (video.has_display_matrix or video.interlaced or video.hdr or video.shapes)
        and math.isclose(video.sar, 1)
        and video.width % 2 == video.height % 2 == 0
        and short <= max(PEAKS)
        and max(video.width, video.height) <= LONGEST_SIDE
        and video.frame_rate <= HIGHEST_RATE + Fraction(1, 10)
        and abs(video.start) < 0.5 / video.frame_rate
        and source.duration - video.end < 0.15
        and video.bit_rate <= 2 * _peak(short)
        and source.container in SEEKABLE
    ):
        return False
    starts = thinned(video.keyframes)
    return all(b - a <= LONGEST_SEGMENT for a, b in zip(starts, [*starts[1:], video.end], strict=True))


def thinned(keys: Sequence[float]) -> list[float]:
    """The keyframes, in seconds, at which a copied level begins a segment: about SEGMENT apart or more."""
    kept: list[float] = []
    for key in keys:
        if not kept or key - kept[-1] > SEGMENT - 0.05:
            kept.append(key)
    return kept


def even(value: float) -> int:
    """The nearest even number of pixels, as 4:2:0 requires."""
    return max(2, 2 * round(value / 2))


def _peak(side: int) -> int:
    return next((PEAKS[s] for s in sorted(PEAKS) if s >= side), PEAKS[max(PEAKS)])


def _levels(video: VideoTrack, *, whole: bool) -> list[Level]:
    width, height = video.shown_size()
    short = min(width, height)
    sides = [side for side in PEAKS if side <= short]
    # a source between two standard sizes keeps its own size at the top
    if whole or (short < max(PEAKS) and (not sides or short > sides[0] * 1.1)):
        sides = [short, *(side for side in sides if side * 1.1 < short)]
    most = int(video.bit_rate * HEADROOM.get(video.codec, 1.5))  # a higher rate than the source's gains nothing
    found = []
    for side in sides or [short]:
        scale = min(side / short, LONGEST_SIDE / max(width, height))
        peak = min(_peak(side), max(150_000, most))
        found.append(Level(f"{even(side)}p", even(width * scale), even(height * scale), peak))
    return found


def _parts(source: Source, found: Plan) -> list[Part]:
    """A single part, or for a long film several that begin at keyframes of the source."""
    duration = source.duration
    starts = [0]
    if duration >= CHUNKED_FROM and source.container in SEEKABLE and not source.video.interlaced:
        keys = found.cuts or [found.frame(key) for key in source.video.keyframes]
        for number in range(1, math.ceil(duration / CHUNK)):
            place = bisect_left(keys, number * CHUNK * found.rate)
            far_enough = place < len(keys) and found.seconds(keys[place] - starts[-1]) >= CHUNK / 2
            if far_enough and duration - found.seconds(keys[place]) >= CHUNK / 2:
                starts.append(keys[place])
    return [Part(a, b - a if b else None) for a, b in zip(starts, [*starts[1:], 0], strict=True)]


def _even_cuts(duration: float, found: Plan) -> list[int]:
    """Cuts every SEGMENT seconds, counted from the start of each part."""
    cuts = []
    for part in found.parts:
        frames = part.frames or max(1, math.ceil(duration * found.rate) - part.first)
        count = max(
            1, math.floor(found.seconds(frames) / SEGMENT + 0.75)
        )  # avoids a segment of less than 1 s at the end
        step = Fraction(frames, count) if part.frames else SEGMENT * found.rate
        cuts += [part.first + round(number * step) for number in range(count)]
    return cuts
