"""Spruces under the northern lights or in the snow."""

from __future__ import annotations

import math

import numpy as np

from .canvas import Field, colour, disc, glow, grid, lay, noise, resize, ridge, shine, sky, smooth, stars


def spruces(width: int, height: int, foot: Field, rng: np.random.Generator, *, size: float, count: int) -> Field:
    """A mask of spruces that stand on the line `foot` (heights, one a column); `size` in heights."""
    mask = np.zeros((height, width), np.float32)
    for _ in range(count):
        centre = rng.random() * width
        tall = size * (0.55 + 0.75 * rng.random())
        base = float(foot[min(width - 1, int(centre))]) + 0.012
        half = tall * (0.17 + 0.05 * rng.random())
        top, low = int((base - tall) * height), int(base * height)
        left, right = max(0, int(centre - half * height) - 1), min(width, int(centre + half * height) + 2)
        first = max(0, top)
        if low <= first or right <= left or first >= height:
            continue
        low = min(low, height)
        down = ((np.arange(first, low, dtype=np.float32) - top) / (tall * height))[:, None]
        across = (np.arange(left, right, dtype=np.float32)[None, :] - centre) / height
        tiers = 11 + int(rng.random() * 6)
        fringe = (down * tiers) % 1
        jag = tall * 0.05 * np.sin(across / tall * 170 + centre) * np.sin(down * 90 + centre)
        reach = half * (0.06 + down * (0.62 + 0.38 * fringe)) + jag * down
        part = np.clip((reach - np.abs(across)) * height + 0.5, 0, 1)
        np.maximum(mask[first:low, left:right], part, out=mask[first:low, left:right])
    ground = np.clip((np.arange(height, dtype=np.float32)[:, None] / height - foot[None, :]) * height + 0.5, 0, 1)
    return np.maximum(mask, ground)


class Forest:
    """Spruces in rows under the sky; `look["aurora"]` lights the curtains, `look["flakes"]` lets it snow."""

    def __init__(self, width: int, height: int, look: dict[str, str], seed: int) -> None:
        self.width, self.height, self.look = width, height, look
        self.aspect = width / height
        self.x, self.y = grid(width, height)
        rng = np.random.default_rng(seed)
        self.night = stars(width, height, int(look.get("stars", "260")), rng, lowest=0.75)
        self.wide = int(width * 1.25)
        at = np.linspace(0, 2047, self.wide)
        self.rows = []
        for index, (base, size, count) in enumerate([(0.72, 0.1, 150), (0.78, 0.17, 75), (0.87, 0.3, 34)]):
            line = np.interp(at, np.arange(2048), ridge(2048, 5, rng, octaves=3)).astype(np.float32)
            foot = base + 0.06 * (line - 0.5)
            density = int(count * max(0.6, self.aspect / 1.78))
            self.rows.append((spruces(self.wide, height, foot, rng, size=size, count=density), index / 2))
        self.peaks = (0.74 - 0.36 * np.abs(ridge(2048, 7, rng, octaves=7) - 0.2)).astype(np.float32)
        self.snow = noise(width, height, 40, rng, octaves=4)
        self.curtain = (rng.random(16) * 6.28).tolist()
        self.fold = ridge(4096, 14, rng, octaves=6)
        count = 420 if "flakes" in look else 0
        self.flake = rng.random((count, 4)).tolist()

    def aurora(self, picture: Field, t: float) -> None:
        green, violet = colour(self.look["aurora"]), colour(self.look["aurora2"])
        rows = slice(0, int(0.74 * self.height))
        # curtains of light are soft: half the size is enough
        y = self.y[rows][::2]
        x = self.x[0, ::2] + 0.4
        total = np.zeros((y.size, x.size, 3), np.float32)
        for index in range(3):
            p = self.curtain[index * 4 : index * 4 + 4]
            foot = (
                (0.55 - 0.13 * index)
                + 0.07 * np.sin(x * 2.1 + p[0] + 0.13 * t)
                + 0.045 * np.sin(x * 4.7 + p[1] - 0.21 * t)
            )
            place = (x * 340 + 40 * np.sin(x * 3 + p[2] + 0.3 * t) + 900 * index + t * 9) % 4095
            rays = np.interp(place, np.arange(4096), self.fold).astype(np.float32)
            power = (0.25 + 1.5 * smooth(0.3, 0.75, rays)) * (0.6 + 0.4 * np.sin(x * 1.7 + p[3] + 0.2 * t))
            above = foot[None, :] - y
            tall = 0.12 + 0.2 * rays[None, :]
            light = np.exp(-np.maximum(above, 0) / tall) * smooth(-0.035, 0.012, above) * power[None, :]
            shade = np.clip(above / 0.34, 0, 1)[..., None]
            total += light[..., None] * (green + (violet - green) * shade) * (0.85, 0.6, 0.4)[index]
        size = (self.width, rows.stop)
        picture[rows] += np.stack([resize(total[..., channel], *size) for channel in range(3)], axis=2)

    def frame(self, t: float) -> Field:
        look = self.look
        picture = sky(self.width, self.height, [(0, look["zenith"]), (0.66, look["horizon"]), (1, look["horizon"])])
        shine(picture, self.night * 0.8, colour("#e6efff"))
        if "moon" in look:
            shine(picture, glow(self.x, self.y, self.aspect * 0.68, 0.2, 0.13) * 0.4, colour(look["moon"]))
            lay(picture, disc(self.x, self.y, self.aspect * 0.68, 0.2, 0.06, 0.004), colour(look["moon"]))
        if "aurora" in look:
            self.aurora(picture, t)
        place = np.linspace(200, 1400, self.width) + t * 1.5
        top = np.interp(place, np.arange(2048), self.peaks).astype(np.float32)
        low = slice(int((float(top.min()) - 0.01) * self.height), self.height)
        below = self.y[low] - top[None, :]
        slope = np.convolve(np.pad(np.gradient(top), 12, "edge"), np.ones(25) / 25, "valid").astype(np.float32)
        lit = np.clip(0.5 + 2.6 * (self.snow[low] - 0.5) - slope[None, :] * self.height * 0.8, 0, 1)
        peak = colour(look["far"]) * (0.55 + 0.75 * lit * np.exp(-np.maximum(below, 0) * 9))[..., None]
        lay(picture[low], np.clip(below * self.height + 0.5, 0, 1), peak)
        fog, near = colour(look["fog"]), colour(look["near"])
        for mask, depth in self.rows:
            shift = t * self.width * 0.0009 * (1 + 3 * depth) % (self.wide - self.width - 1)
            left, part = int(shift), shift - int(shift)
            low = slice(int((0.6 - 0.28 * depth) * self.height), self.height)
            part_of = mask[low]
            seen = (
                part_of[:, left : left + self.width] * (1 - part) + part_of[:, left + 1 : left + 1 + self.width] * part
            )
            body = fog + (near - fog) * (0.3 + 0.7 * depth)
            mist = smooth(0.62, 0.98, self.y[low]) * (1 - depth) * 0.75
            lay(picture[low], seen, body + mist[..., None] * (fog - body))
        ground = smooth(0.9, 0.97, self.y + 0.03 * (self.snow - 0.5))
        lay(picture, np.broadcast_to(ground, (self.height, self.width)) * float(look.get("ground", "0.0")), fog * 1.25)
        if "lamp" in look:
            self.cabin(picture, t)
        self.fall(picture, t)
        return picture

    def cabin(self, picture: Field, t: float) -> None:
        """One lit window in all that snow."""
        at_x, at_y = self.aspect * 0.36 - 0.001 * t, 0.885
        u, v = (self.x - at_x) / 0.05, (self.y - at_y) / 0.05
        soft = 0.05 * self.height
        wall = np.clip((0.62 - np.abs(u)) * soft, 0, 1) * np.clip((0.5 - np.abs(v)) * soft, 0, 1)
        roof = np.clip((0.95 - np.abs(u) - (-0.4 - v) * 1.15) * soft, 0, 1) * (v < -0.36) * (v > -1.3)
        lay(picture, wall, colour(self.look["near"]) * 0.8)
        lay(picture, np.clip(roof, 0, 1), colour(self.look["fog"]) * 1.2)
        window = np.clip((0.15 - np.abs(u - 0.14)) * soft, 0, 1) * np.clip((0.19 - np.abs(v - 0.02)) * soft, 0, 1)
        lamp = colour(self.look["lamp"])
        lay(picture, window, lamp * 1.25)
        shine(picture, glow(self.x, self.y, at_x + 0.007, at_y, 0.035) * (0.5 + 0.03 * math.sin(t * 7)), lamp)

    def fall(self, picture: Field, t: float) -> None:
        light = np.zeros((self.height, self.width), np.float32)
        for at_x, at_y, near, phase in self.flake:
            size = (0.0012 + 0.0065 * near**5) * self.height
            row = ((at_y + t * (0.03 + 0.09 * near)) % 1.04) * self.height
            column = ((at_x + 0.012 * math.sin(t * 0.9 + phase * 6.28) + t * 0.006) % 1) * self.width
            reach = int(size * 2.6) + 1
            top, left = max(0, int(row) - reach), max(0, int(column) - reach)
            part = light[top : int(row) + reach + 1, left : int(column) + reach + 1]
            dy = np.arange(top, top + part.shape[0], dtype=np.float32)[:, None] - row
            dx = np.arange(left, left + part.shape[1], dtype=np.float32)[None, :] - column
            part += np.exp(-(dx**2 + dy**2) / (size * size)) * (0.75 - 0.4 * near**3)
        shine(picture, np.minimum(light, 1), colour("#eef5ff"))
