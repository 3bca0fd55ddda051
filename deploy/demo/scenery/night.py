"""A city in the rain, a ringed planet."""

from __future__ import annotations

import math

import numpy as np

from .canvas import Field, blur, colour, glow, grid, lay, noise, resize, ridge, shine, sky, smooth, stars


class City:
    """Towers with lit windows in the rain, and their lights on the wet street."""

    horizon = 0.74

    def __init__(self, width: int, height: int, look: dict[str, str], seed: int) -> None:
        self.width, self.height, self.look = width, height, look
        self.aspect = width / height
        self.x, self.y = grid(width, height)
        rng = np.random.default_rng(seed)
        self.first = int(self.horizon * height)
        self.haze = noise(width, height, 4, rng, octaves=4)
        self.wide = int(width * 1.3)
        self.layers = [self.towers(rng, index) for index in range(3)]
        self.signs = rng.random((9, 5))
        self.rain = self.streaks(rng)
        rows = height - self.first
        puddle = noise(max(8, width // 6), rows, 26, rng, octaves=3)
        self.ripple = blur(resize(puddle, width, rows), height / 200)

    def towers(self, rng: np.random.Generator, index: int) -> tuple[Field, Field]:
        """A mask of one row of towers, and the colour of their windows."""
        width, height = self.wide, self.height
        mask, lights = np.zeros((height, width), np.float32), np.zeros((height, width, 3), np.float32)
        warm, cold, neon = colour(self.look["warm"]), colour(self.look["cold"]), colour(self.look["neon"])
        column = -0.02
        unit = (0.0055, 0.0085, 0.0135)[index]
        while column * height < width:
            wide = (0.05 + 0.07 * rng.random()) * (0.75 + 0.3 * index)
            tall = (0.16 + 0.4 * rng.random() ** 1.6) * (1.15 - 0.22 * index)
            top = self.horizon - tall
            left, right = max(0, int(column * height)), min(width, int((column + wide) * height))
            steps = [(0.0, 0.0)] if rng.random() < 0.5 else [(0.0, 0.05), (0.22, 0.0)]
            for inset, drop in steps:
                mask[
                    int((top + drop) * height) : self.first,
                    int(left + inset * (right - left)) : int(right - inset * (right - left)),
                ] = 1
            if rng.random() < 0.3:
                middle = (left + right) // 2
                mask[max(0, int((top - 0.07) * height)) : self.first, middle : middle + max(1, height // 500)] = 1
            paint = (warm, cold, warm)[int(rng.random() * 3)]
            lit = 0.18 + 0.3 * rng.random()
            size_y, size_x = max(1, int(unit * height * 0.5)), max(1, int(unit * height * 0.55))
            for row in np.arange(top + 0.06 + unit, self.horizon - unit, unit * 1.25):
                for place in np.arange(column + unit, column + wide - unit, unit * 1.05):
                    if rng.random() < lit and 0 <= place * height < width - size_x:
                        y, x = int(row * height), int(place * height)
                        lights[y : y + size_y, x : x + size_x] = paint * (0.3 + 0.7 * rng.random())
            if index and rng.random() < 0.45:
                x = int((column + wide * 0.8) * height)
                y = int((top + 0.1) * height)
                lights[y : y + int(0.13 * height), x : x + max(2, int(0.007 * height))] = (
                    neon if rng.random() < 0.6 else cold
                ) * 1.4
            column += wide + 0.006 * rng.random()
        return mask, lights * mask[..., None]

    def streaks(self, rng: np.random.Generator) -> Field:
        """A tall tile of rain that is scrolled."""
        tall = self.height * 2
        tile = np.zeros((tall, self.width), np.float32)
        for _ in range(int(900 * self.aspect)):
            x, y = int(rng.random() * self.width), int(rng.random() * tall)
            long = int((0.02 + 0.05 * rng.random()) * self.height)
            slant = np.arange(long) // 9
            tile[(y + np.arange(long)) % tall, np.clip(x - slant, 0, self.width - 1)] += np.linspace(
                0, 0.05 + 0.22 * rng.random() ** 2, long
            )
        return tile

    def frame(self, t: float) -> Field:
        look = self.look
        picture = sky(
            self.width,
            self.height,
            [(0, look["zenith"]), (0.45, look["middle"]), (self.horizon, look["horizon"]), (1, look["horizon"])],
        )
        lay(picture, smooth(0.4, 0.8, self.haze) * 0.4, colour(look["middle"]) * 1.5)
        fog, near = colour(look["fog"]), colour(look["near"])
        for index, (mask, lights) in enumerate(self.layers):
            shift = t * self.width * 0.0014 * (1 + index) % (self.wide - self.width - 1)
            left, part = int(shift), np.float32(shift - int(shift))
            window = slice(left, left + self.width)
            beside = slice(left + 1, left + 1 + self.width)
            seen = mask[: self.first, window] * (1 - part) + mask[: self.first, beside] * part
            glowing = lights[: self.first, window] * (1 - part) + lights[: self.first, beside] * part
            depth = (0.22, 0.6, 1.0)[index]
            body = fog + (near - fog) * depth
            rise = np.exp(-(self.horizon - self.y[: self.first]) * 5) * (1 - 0.8 * depth) * 0.95
            body = body + rise[..., None] * (colour(look["horizon"]) - body)
            lay(picture[: self.first], seen, body)
            twinkle = 0.92 + 0.08 * math.sin(t * 2 + index)
            picture[: self.first] += glowing * (0.6 + 0.75 * depth) * twinkle
        light = picture[: self.first]
        picture[: self.first] += blur(np.maximum(light - 0.35, 0), self.height / 26) * 1.1
        rows = self.height - self.first
        source = np.clip(self.first - 1 - (np.arange(rows) * 1.9).astype(np.int32), 0, self.first - 1)
        sway = ((self.ripple - 0.5) * 0.05 * self.height * np.linspace(0.15, 1, rows)[:, None]).astype(np.int32)
        sway += (np.sin(np.arange(rows) * 0.3 + t * 3)[:, None] * self.height / 700).astype(np.int32)
        columns = np.clip(np.arange(self.width)[None, :] + sway, 0, self.width - 1)
        wet = picture[source[:, None], columns]
        fade = np.linspace(0.95, 0.5, rows)[:, None, None]
        picture[self.first :] = (
            blur(wet, self.height / 150) * fade * (0.7 + 0.5 * smooth(0.35, 0.65, self.ripple))[..., None]
        )
        scroll = int(-t * self.height * 0.9) % self.height
        shine(picture, self.rain[scroll : scroll + self.height] * 1.5, colour(look["rain"]))
        return picture


class Planet:
    """A ringed planet before a nebula; the stars drift by."""

    def __init__(self, width: int, height: int, look: dict[str, str], seed: int) -> None:
        self.width, self.height, self.look = width, height, look
        self.aspect = width / height
        self.x, self.y = grid(width, height)
        rng = np.random.default_rng(seed)
        warp = noise(width, height, 2, rng, octaves=5)
        cloud = noise(width, height, 2.5, rng, octaves=7, gain=0.58)
        dust = noise(width, height, 5, rng, octaves=6, gain=0.6)
        gas = smooth(0.42, 0.78, cloud) * (0.35 + warp)
        sheet = np.zeros((height, width, 3), np.float32) + colour(look["space"])
        sheet += gas[..., None] * colour(look["nebula"]) * 0.85
        sheet += (smooth(0.5, 0.8, warp) * cloud)[..., None] * colour(look["nebula2"]) * 0.8
        sheet *= (1 - 0.65 * smooth(0.48, 0.7, dust))[..., None]
        self.back = sheet
        self.flying = [
            stars(width, height, count, rng, size=size) for count, size in ((520, 0.75), (170, 1.0), (50, 1.5))
        ]
        self.bands = ridge(2048, 22, rng, octaves=5)
        self.swirl = noise(1024, 512, 6, rng, octaves=5)
        self.rings = ridge(2048, 40, rng, octaves=5)

    def frame(self, t: float) -> Field:
        picture = self.back.copy()
        for index, sheet in enumerate(self.flying):
            shift = t * self.height * 0.0045 * (1 + 1.6 * index)
            left, part = int(shift), shift - int(shift)
            moved = np.roll(sheet, -left, 1) * (1 - part) + np.roll(sheet, -left - 1, 1) * part
            shine(picture, moved, colour("#f0f4ff"))
        at_x, at_y = self.aspect * (0.5 + 0.08 * (self.aspect > 1)) - 0.0015 * t, 0.42
        radius = min(0.25, self.aspect * 0.3)
        u, v = (self.x - at_x) / radius, (self.y - at_y) / radius
        turn = -0.38
        along, across = u * math.cos(turn) - v * math.sin(turn), u * math.sin(turn) + v * math.cos(turn)
        box = self.box(at_x, at_y, radius * 1.02)
        ball, inside = self.ball(u[:, box[1]], v[box[0]], along[box], across[box], t)
        inside = inside * radius * self.height
        ring_distance = np.sqrt(along**2 + (across / 0.27) ** 2)
        place = np.clip((ring_distance - 1.3) / 0.95, 0, 1)
        grooves = self.rings[(place * 2047).astype(np.int16)]
        ring = (
            smooth(1.3, 1.36, ring_distance)
            * smooth(2.25, 2.15, ring_distance)
            * (0.15 + 0.85 * smooth(0.3, 0.62, grooves))
        )
        shadow = 1 - 0.92 * np.clip((1 - np.abs(along * 0.62 - across * 1.3)) * 4, 0, 1) * (along + across * 2 > 0.4)
        ring_light = (
            colour(self.look["ring"]) * (0.35 + 0.75 * np.clip(0.6 - 0.4 * u, 0, 1))[..., None] * shadow[..., None]
        )
        shine(
            picture,
            glow(self.x, self.y, at_x - radius * 0.5, at_y - radius * 0.4, radius * 1.1) * 0.16,
            colour(self.look["air"]),
        )
        behind = across < 0
        lay(picture, ring * behind * 0.9, ring_light)
        lay(picture[box], np.clip(inside + 0.5, 0, 1), ball)
        lay(picture, ring * ~behind * 0.9, ring_light)
        return picture

    def box(self, at_x: float, at_y: float, reach: float) -> tuple[slice, slice]:
        top, left = int((at_y - reach) * self.height), int((at_x - reach) * self.height)
        size = int(2 * reach * self.height)
        return slice(max(0, top), top + size), slice(max(0, left), left + size)

    def ball(self, u: Field, v: Field, along: Field, across: Field, t: float) -> tuple[Field, Field]:
        """The lit globe in units of its radius, and how far each point lies inside it."""
        square = along**2 + across**2
        depth = np.sqrt(np.maximum(0, 1 - square))
        latitude = np.arcsin(np.clip(across, -1, 1))
        longitude = np.arctan2(along, np.maximum(depth, 1e-4)) + t * 0.05
        rows = np.clip((latitude / 3.1416 + 0.5) * 511, 0, 511).astype(np.int16)
        columns = (np.abs((longitude / 3.1416 + 1.5) % 2 - 1) * 1023).astype(np.int16)
        swirl = self.swirl[rows, columns]
        band = self.bands[np.clip((latitude / 3.1416 + 0.5) * 2047 + (swirl - 0.5) * 190, 0, 2047).astype(np.int16)]
        dark, light = colour(self.look["dark"]), colour(self.look["light"])
        day = np.clip(-0.72 * u - 0.5 * v + 0.5 * depth, 0, 1) ** 0.8
        rim = (1 - depth) ** 3 * np.clip(day + 0.15, 0, 1)
        globe = (dark + (light - dark) * smooth(0.25, 0.75, band)[..., None]) * (0.015 + 1.15 * day)[..., None]
        globe += rim[..., None] * colour(self.look["air"]) * 0.8
        return globe, 1 - np.sqrt(square)
