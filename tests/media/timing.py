"""When things are seen and heard in a file, by decoding it: for asking whether they still coincide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

GRID = 0.005  # seconds
FARTHEST = 0.3  # seconds, of a lag that is looked for
FLAT = 0.01  # of the largest value: black and silence tell nothing
CLEAR = 0.5  # of the usual difference: what the right lag must be below, or nothing was to tell by


class Course(NamedTuple):
    """What a track shows or sounds like (columns) at each moment (seconds) from which it does."""

    moments: np.ndarray
    values: np.ndarray


def decoded(path: Path, kind: str, start: float = 0, end: float = np.inf) -> Iterator[Any]:
    """Frames of the first stream of that kind ("video", "audio") that begin between two seconds of the file's clock."""
    with av.open(str(path)) as container:
        stream = next(iter(getattr(container.streams, kind)))
        stream.thread_type = "AUTO"
        if start:
            container.seek(int(start * av.time_base))
        for frame in container.decode(stream):
            if frame.time >= end:
                return
            if frame.time >= start:
                yield frame


def looks(path: Path, start: float = 0, end: float = np.inf) -> Course:
    """Brightness of each picture from its darkest to its lightest parts: the same however it is turned or scaled."""
    moments, values = [], []
    for frame in decoded(path, "video", start, end):
        small = np.sort(frame.reformat(32, 32, "gray").to_ndarray(), axis=None)
        moments.append(frame.time)
        values.append(small[16::64])
    return Course(np.array(moments), np.array(values, dtype=float))


def loudness(path: Path, start: float = 0, end: float = np.inf) -> Course:
    """Mean amplitude, for every GRID seconds."""
    moments, values = [], []
    for frame in decoded(path, "audio", start, end):
        samples = np.abs(frame.to_ndarray().astype(float))
        samples = samples.mean(axis=0) if frame.format.is_planar else samples[0][:: len(frame.layout.channels)]
        moments.append(frame.time + np.arange(samples.size) / frame.sample_rate)
        values.append(samples)
    times, amplitudes = np.concatenate(moments), np.concatenate(values)
    cells = np.round((times - times[0]) / GRID).astype(int)
    means = np.bincount(cells, amplitudes) / np.maximum(1, np.bincount(cells))
    return Course(times[0] + GRID * np.arange(means.size), means[:, None])


def lag(before: Course, after: Course) -> float | None:
    """By how many seconds `after` shows the same later than `before`; None where nothing changes to tell by."""
    first, last = max(before.moments[0], after.moments[0]), min(before.moments[-1], after.moments[-1])
    farthest = min(FARTHEST, (last - first) / 6)
    grid = np.arange(first + farthest, last - farthest, GRID)
    reference = _at(before, grid)
    if reference is None:
        return None
    lags = np.arange(-farthest, farthest, GRID)
    shifted = [_at(after, grid + shift) for shift in lags]
    differences = np.array([np.inf if there is None else np.abs(there - reference).mean() for there in shifted])
    if differences.min() > CLEAR * np.median(differences):
        return None
    return float(lags[differences <= differences.min() * 1.02].mean())


def _at(course: Course, grid: np.ndarray) -> np.ndarray | None:
    """What there is at each moment of the grid, each column in units of its spread about its mean; None if flat."""
    if grid.size < 20:
        return None
    held = course.values[np.clip(np.searchsorted(course.moments, grid + 1e-6) - 1, 0, len(course.moments) - 1)]
    spread = held.std(axis=0)
    floor = FLAT * course.values.max()
    if spread.max() <= floor:
        return None
    return (held - held.mean(axis=0)) / np.maximum(spread, floor)


def flashes(path: Path) -> list[float]:
    """The seconds at which the picture turns white."""
    moments, light = [], []
    for frame in decoded(path, "video"):
        moments.append(frame.time)
        light.append(frame.reformat(32, 32, "gray").to_ndarray().mean() > 180)
    return [moments[n] for n in np.flatnonzero(np.diff(np.array(light, dtype=int), prepend=0) > 0)]


def beeps(path: Path) -> list[float]:
    """The seconds at which a sound begins after silence."""
    course = loudness(path)
    loud = course.values[:, 0] > 0.2 * course.values.max()
    return [float(course.moments[n]) for n in np.flatnonzero(loud) if not loud[max(0, n - 40) : n].any()]
