"""What is made of a source: its levels, and where they are cut into segments and chunks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True)
class Level:
    """One size of the ladder: pixels, and the peak rate in bits per second."""

    name: str  # "720p"
    width: int
    height: int
    peak: int


@dataclass(frozen=True)
class Part:
    """A stretch of the film that is encoded in one go, in frames; `frames` is None for all from `first` on."""

    first: int
    frames: int | None


@dataclass
class Plan:
    """The levels of a title, best first, at `rate` frames per second.

    `copied` is the level that takes the source's packets as they are. Every level begins a segment at each of the
    frames `cuts`. `parts` cover the film.
    """

    levels: list[Level]
    rate: Fraction
    copied: Level | None = None
    cuts: list[int] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    @property
    def encoded(self) -> list[Level]:
        """The levels that aren't copied."""
        return [level for level in self.levels if level != self.copied]

    def seconds(self, frame: int) -> float:
        """When a frame is shown, in seconds from the start."""
        return float(frame / self.rate)

    def frame(self, second: float) -> int:
        """The first frame that is shown at a second or later; containers round to milliseconds."""
        return math.ceil(second * self.rate - Fraction(1, 1000))

    def cuts_in(self, part: Part) -> list[int]:
        """The cuts within a part, counted from its start."""
        end = math.inf if part.frames is None else part.first + part.frames
        return [cut - part.first for cut in self.cuts if part.first <= cut < end]
