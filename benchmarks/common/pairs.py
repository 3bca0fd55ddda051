"""Two ways of doing the same, timed in turn many times: whatever else the machine does then meets both alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import quantiles


@dataclass(frozen=True)
class Compared:
    """How many times as fast as the reference ours was: median and quartiles over all pairs.

    `busy` is the share of one processor that this process itself took meanwhile.
    """

    median: float
    low: float
    high: float
    ours: float  # median seconds
    reference: float
    busy: float

    def __str__(self) -> str:
        return f"{self.median:.3g} (half of the pairs {self.low:.3g} to {self.high:.3g})"


def compare(ours: Callable[[], float], reference: Callable[[], float], *, pairs: int) -> Compared:
    """Time both, `pairs` times; each returns its seconds. Which one is first alternates."""
    ours(), reference()  # warm
    took: list[tuple[float, float]] = []
    began, used = time.perf_counter(), time.process_time()
    for number in range(pairs):
        if number % 2:
            theirs = reference()
            took.append((ours(), theirs))
        else:
            took.append((ours(), reference()))
    busy = (time.process_time() - used) / (time.perf_counter() - began)
    low, median, high = quantiles((theirs / mine for mine, theirs in took), n=4)
    mine, theirs = (quantiles(seconds, n=4)[1] for seconds in zip(*took, strict=True))
    return Compared(median, low, high, mine, theirs, busy)
