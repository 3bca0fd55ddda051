"""Which rungs a source gets: never above it, in square pixels and even sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SEGMENT = 4  # seconds between the keyframes that all rungs share
HIGHEST_RATE = 60.0  # frames per second

# short side in pixels: peak bits per second of the picture
PEAKS = {1080: 5_000_000, 720: 2_800_000, 480: 1_400_000, 360: 800_000, 240: 400_000}


@dataclass(frozen=True)
class Rung:
    """One size to encode: pixels, and the peak in bits per second."""

    name: str
    width: int
    height: int
    peak: int


def shown_size(video: dict[str, Any]) -> tuple[int, int]:
    """Width and height in pixels as a viewer sees them: square pixels, rotation applied."""
    width, height = video["width"] * (video["sar"] or 1), float(video["height"])
    if round(video["rotation"]) % 180:
        width, height = height, width
    return round(width), round(height)


def frame_rate(video: dict[str, Any]) -> float:
    """The constant rate all rungs get, in frames per second."""
    rate = float(video["frame_rate"])
    while rate > HIGHEST_RATE:
        rate /= 2
    return max(5.0, rate)


def _even(value: float) -> int:
    return max(2, 2 * round(value / 2))


def rungs(probed: dict[str, Any]) -> list[Rung]:
    """The ladder of a probed source, best first; at least one rung."""
    width, height = shown_size(probed["video"])
    short = min(width, height)
    sides = [side for side in PEAKS if side <= short]
    # a source between two rungs keeps its own size at the top
    if short < 1080 and (not sides or short > sides[0] * 1.1):
        sides.insert(0, short)
    if not sides:
        sides = [short]
    ladder = []
    for side in sides:
        scale = side / short
        peak = next((PEAKS[s] for s in sorted(PEAKS) if s >= side), PEAKS[1080])
        if probed["bit_rate"]:  # more than the source holds can't be gained
            peak = min(peak, max(150_000, int(probed["bit_rate"] * 1.5)))
        ladder.append(Rung(f"{_even(side)}p", _even(width * scale), _even(height * scale), peak))
    return ladder
