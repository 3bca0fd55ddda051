"""Brushes for procedural pictures: noise, gradients, masks, light, film grain.

Pictures are float32 arrays of (height, width, 3) in 0 … 1, light may run over until `finish`.
Places are in units of the picture's height: y runs 0 (top) … 1, x runs 0 … aspect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.floating[Any]]
Colour = tuple[float, float, float]


def rgb(code: str) -> Colour:
    """`"#0b1d2e"` as three numbers in 0 … 1."""
    value = int(code.lstrip("#"), 16)
    return ((value >> 16) / 255, (value >> 8 & 255) / 255, (value & 255) / 255)


def colour(code: str) -> Field:
    return np.array(rgb(code), np.float32)


def grid(width: int, height: int) -> tuple[Field, Field]:
    """A row of x and a column of y, which broadcast to the whole picture."""
    x = ((np.arange(width, dtype=np.float32) + 0.5) / height)[None, :]
    y = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]
    return x, y


def resize(field: Field, width: int, height: int) -> Field:
    return np.asarray(
        Image.fromarray(np.ascontiguousarray(field, np.float32)).resize((width, height), Image.Resampling.BICUBIC)
    )


def noise(
    width: int, height: int, cells: float, rng: np.random.Generator, *, octaves: int = 5, gain: float = 0.5
) -> Field:
    """Fractal noise, about 0 … 1 around 0.5. `cells` across the height in the first octave."""
    total = np.zeros((height, width), np.float32)
    weight, norm = 1.0, 0.0
    for _ in range(octaves):
        rows = max(2, round(cells) + 1)
        columns = max(2, round(cells * width / height) + 1)
        if norm and (rows > height or columns > width):
            break  # finer than pixels
        total += weight * resize(rng.random((rows, columns), np.float32), width, height)
        norm += weight
        weight *= gain
        cells *= 2
    return total / norm


def ridge(length: int, cells: float, rng: np.random.Generator, *, octaves: int = 7, gain: float = 0.5) -> Field:
    """A fractal skyline of `length` samples, 0 … 1."""
    total = np.zeros(length, np.float32)
    at = np.linspace(0, 1, length, dtype=np.float32)
    weight, norm = 1.0, 0.0
    for _ in range(octaves):
        count = max(2, round(cells)) + 1
        points = rng.random(count, np.float32)
        place = at * (count - 1)
        left = np.minimum(place.astype(np.int32), count - 2)
        part = place - left
        part = part * part * (3 - 2 * part)
        total += weight * (points[left] * (1 - part) + points[left + 1] * part)
        norm += weight
        weight *= gain
        cells *= 2
        if cells * 2 > length:
            break
    return total / norm


def smooth(low: float, high: float, value: Field) -> Field:
    """Smoothstep; falls instead of rising when `low` > `high`."""
    part = np.clip((value - low) / (high - low), 0, 1)
    result: Field = part * part * (3 - 2 * part)
    return result


def ramp(value: Field, stops: Sequence[tuple[float, str]]) -> Field:
    """Colours along `value`: [(0.0, "#…"), …, (1.0, "#…")] in rising order."""
    places = [stop for stop, _ in stops]
    codes = np.array([rgb(code) for _, code in stops], np.float32)
    table_at = np.linspace(places[0], places[-1], 512)
    table = np.stack([np.interp(table_at, places, codes[:, channel]) for channel in range(3)], 1).astype(np.float32)
    index = np.clip((value - places[0]) / (places[-1] - places[0]) * 511, 0, 511).astype(np.int16)
    result: Field = table[index]
    return result


def sky(width: int, height: int, stops: Sequence[tuple[float, str]]) -> Field:
    """A vertical gradient as a whole picture."""
    column = ramp((np.arange(height, dtype=np.float32) + 0.5) / height, stops)
    return np.repeat(column[:, None, :], width, axis=1)


def lay(picture: Field, mask: Field, paint: Any) -> None:
    """Paint over `picture` in place where `mask` (0 … 1, 2-D) is."""
    mask = mask[:, :, None]
    picture += mask * (np.asarray(paint, np.float32) - picture)


def shine(picture: Field, light: Field, paint: Any) -> None:
    """Add light in place."""
    picture += light[:, :, None] * np.asarray(paint, np.float32)


def glow(x: Field, y: Field, at_x: float, at_y: float, size: float) -> Field:
    """A soft point of light, 1 in its middle."""
    distance = (x - at_x) ** 2 + (y - at_y) ** 2
    result: Field = 1 / (1 + distance / (size * size))
    return result


def disc(x: Field, y: Field, at_x: float, at_y: float, radius: float, edge: float) -> Field:
    distance = np.sqrt((x - at_x) ** 2 + (y - at_y) ** 2)
    result: Field = np.clip((radius - distance) / edge + 0.5, 0, 1)
    return result


def stars(
    width: int, height: int, count: int, rng: np.random.Generator, *, lowest: float = 1.0, size: float = 1.0
) -> Field:
    """Points of light with a few big ones, above `lowest` (in heights)."""
    field = np.zeros((height, width), np.float32)
    radius_unit = height / 900 * size
    for _ in range(count):
        at_x, at_y = rng.random() * width, rng.random() ** 1.2 * lowest * height
        bright = float(min(1.0, 0.12 / (rng.random() + 0.07)))
        radius = radius_unit * (0.5 + 1.1 * bright)
        reach = max(2, int(radius * 4))
        left, top = max(0, int(at_x) - reach), max(0, int(at_y) - reach)
        part = field[top : int(at_y) + reach + 1, left : int(at_x) + reach + 1]
        if part.size:
            rows = np.arange(top, top + part.shape[0], dtype=np.float32)[:, None] - at_y
            columns = np.arange(left, left + part.shape[1], dtype=np.float32)[None, :] - at_x
            part += bright * np.exp(-(rows**2 + columns**2) / (2 * radius * radius))
    return field


def blur(picture: Field, radius: float) -> Field:
    """A soft blur through a smaller copy; `radius` in pixels."""
    height, width = picture.shape[:2]
    factor = max(1.0, radius)
    small = (max(2, int(width / factor)), max(2, int(height / factor)))
    planes = [picture] if picture.ndim == 2 else [picture[:, :, channel] for channel in range(3)]
    soft = []
    for plane in planes:
        image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
        image = image.resize(small, Image.Resampling.BOX).resize(small, Image.Resampling.BOX)
        soft.append(np.asarray(image.resize((width, height), Image.Resampling.BICUBIC)))
    return soft[0] if picture.ndim == 2 else np.stack(soft, axis=2)


def cast(mask: Field, down: int, right: int) -> Field:
    """The mask moved aside, as its shadow falls; what leaves the picture is gone."""
    shadow = np.zeros_like(mask)
    height, width = mask.shape
    shadow[down:, right:] = mask[: max(0, height - down), : max(0, width - right)]
    return shadow


def bloom(picture: Field, strength: float, *, threshold: float = 0.6) -> Field:
    """Light that spills over bright edges, as on film."""
    height = picture.shape[0]
    bright = np.maximum(picture - threshold, 0)
    result: Field = picture + strength * (blur(bright, height / 60) * 0.6 + blur(bright, height / 18) * 0.4)
    return result


def vignette(width: int, height: int, strength: float) -> Field:
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    result: Field = 1 - strength * np.clip(x * x * 0.55 + y * y * 0.6, 0, 1) ** 1.4
    return result[:, :, None]


def finish(picture: Field, seed: int, *, grain: float = 0.015, edge: float = 0.45) -> NDArray[np.uint8]:
    """Bloom, vignette, a shoulder for the highlights, grain; ready to be saved."""
    height, width = picture.shape[:2]
    picture = bloom(picture, 0.5) * vignette(width, height, edge)
    picture = np.where(picture > 0.8, 0.8 + 0.2 * np.tanh((picture - 0.8) / 0.2), picture)
    rng = np.random.default_rng(seed)
    speck = rng.standard_normal((height, width), np.float32)
    speck = 0.6 * speck + 0.8 * resize(rng.standard_normal((height // 2, width // 2), np.float32), width, height)
    level = picture.mean(axis=2)
    picture = picture + (speck * grain * (0.35 + 1.2 * np.clip(level, 0, 0.6)))[:, :, None]
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def quick_finish(picture: Field, shade: Field) -> NDArray[np.uint8]:
    """For moving pictures: `shade` is a prepared `vignette`; ffmpeg adds the grain."""
    picture = picture * shade
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8)
