"""Patterns: winds, terraces, sound, Bauhaus."""

from __future__ import annotations

import math

import numpy as np

from .canvas import Field, blur, colour, grid, lay, noise, ramp, shine, sky, smooth


class Winds:
    """Threads that follow a turning field."""

    def __init__(self, width: int, height: int, look: dict[str, str], seed: int) -> None:
        self.width, self.height, self.look = width, height, look
        self.aspect = width / height
        rng = np.random.default_rng(seed)
        self.shape = (160, max(60, round(160 * self.aspect)))
        field = noise(self.shape[1], self.shape[0], 1.4, rng, octaves=3, gain=0.4)
        self.angle = (field - 0.5) * 5.2 - 0.3
        count = int(3000 * max(0.75, self.aspect))
        self.start = rng.random((count, 2)).astype(np.float32) * np.array([self.aspect * 1.2, 1.2], np.float32) - 0.1
        self.bright = (0.15 + 0.85 * rng.random(count) ** 3).astype(np.float32)
        self.tone = rng.random(count).astype(np.float32)
        self.stops = [(0.0, look["one"]), (0.5, look["two"]), (1.0, look["three"])]
        self.steps = 170
        self.paths = self.trace()

    def trace(self) -> Field:
        place = self.start.copy()
        paths = np.empty((self.steps, len(place), 2), np.float32)
        for step in range(self.steps):
            paths[step] = place
            row = np.clip(place[:, 1] * (self.shape[0] - 1), 0, self.shape[0] - 1).astype(np.int32)
            column = np.clip(place[:, 0] / self.aspect * (self.shape[1] - 1), 0, self.shape[1] - 1).astype(np.int32)
            angle = self.angle[row, column]
            place = place + 0.0031 * np.stack([np.cos(angle), np.sin(angle)], 1)
        return paths

    def frame(self, t: float) -> Field:
        picture = sky(self.width, self.height, [(0, self.look["zenith"]), (1, self.look["foot"])])
        paint = ramp(np.clip(self.paths[0, :, 1] * 0.7 + 0.3 * self.tone, 0, 1), self.stops)
        fade = np.sin(np.linspace(0, np.pi, self.steps, dtype=np.float32))[:, None]
        phase = (np.arange(self.steps, dtype=np.float32)[:, None] / self.steps - t * 0.14 + self.tone[None, :] * 3) % 1
        strength = self.bright[None, :] * fade * (0.3 + 1.0 * np.exp(-phase * 3.2))
        # each point is shared out between its four pixels, so that threads are smooth
        column, row = self.paths[..., 0] * self.height - 0.5, self.paths[..., 1] * self.height - 0.5
        left, top = np.floor(column).astype(np.int32), np.floor(row).astype(np.int32)
        part_x, part_y = column - left, row - top
        inside = (left >= 0) & (left < self.width - 1) & (top >= 0) & (top < self.height - 1)
        base = (top * self.width + left)[inside]
        weight_x, weight_y, strength = part_x[inside], part_y[inside], strength[inside]
        painted = np.broadcast_to(paint[None], (*self.paths.shape[:2], 3))[inside]
        total = self.width * self.height
        scale = (self.height / 900) ** 0.5 * 1.5
        places = np.concatenate([base, base + 1, base + self.width, base + self.width + 1])
        weights = np.concatenate(
            [(1 - weight_x) * (1 - weight_y), weight_x * (1 - weight_y), (1 - weight_x) * weight_y, weight_x * weight_y]
        ) * np.tile(strength, 4)
        for channel in range(3):
            drawn = np.bincount(places, weights * np.tile(painted[:, channel], 4), minlength=total)
            picture[..., channel] += (drawn.reshape(self.height, self.width) * scale).astype(np.float32)
        picture += blur(np.minimum(picture, 1.5), self.height / 70) * 0.35
        return picture


class Terraces:
    """Rice terraces from above: steps of a hill, each a mirror of the sky."""

    def __init__(self, width: int, height: int, look: dict[str, str], seed: int) -> None:
        self.width, self.height, self.look = width, height, look
        self.aspect = width / height
        self.x, self.y = grid(width, height)
        rng = np.random.default_rng(seed)
        self.wide = int(width * 1.25)
        hill = noise(self.wide, height, 1.6, rng, octaves=4, gain=0.36)
        down = (np.arange(height, dtype=np.float32) / height)[:, None]
        self.hill = hill * 1.5 + (1 - down) * 0.75
        self.cloud = noise(width * 2, height, 3, rng, octaves=6, gain=0.55)
        self.field = noise(self.wide, height, 26, rng, octaves=3)
        self.tone = rng.random(64).astype(np.float32)
        self.steps = 22

    def frame(self, t: float) -> Field:
        shift = int(t * self.width * 0.006) % (self.wide - self.width)
        window = slice(shift, shift + self.width)
        hill = self.hill[:, window] * self.steps
        step = np.floor(hill)
        part = hill - step
        slope_y, slope_x = np.gradient(hill)
        steep = np.sqrt(slope_x**2 + slope_y**2) + 1e-4
        edge = part / steep  # pixels from the bank below
        bank = np.exp(-((edge / (0.0042 * self.height)) ** 2))
        inner = np.exp(-((((1 - part) / steep) / (0.003 * self.height)) ** 2))
        drift = int(t * self.width * 0.012) % self.width
        cloud = self.cloud[:, drift : drift + self.width]
        bright = smooth(0.4, 0.72, cloud)
        tone = self.tone[(step * 7 + np.floor(self.field[:, window] * 2)).astype(np.int16) % 64]
        water = ramp(
            np.clip(0.55 * (1 - self.y) + 0.5 * bright, 0, 1),
            [(0, self.look["water"]), (0.5, self.look["sky"]), (1, self.look["cloud"])],
        )
        rice = colour(self.look["rice"]) * (0.7 + 0.6 * self.field[:, window])[..., None]
        gold = colour(self.look["gold"]) * (0.7 + 0.6 * self.field[:, window])[..., None]
        picture = np.where((tone > 0.83)[..., None], rice, np.where((tone < 0.07)[..., None], gold, water))
        picture *= (0.8 + 0.25 * part)[..., None]
        lay(picture, np.clip(bank * 1.1, 0, 1), colour(self.look["bank"]))
        shine(picture, inner * 0.28, colour(self.look["cloud"]))
        mist = smooth(0.42, 0.0, self.y + 0.12 * (cloud - 0.5))
        lay(picture, mist * 0.9, colour(self.look["mist"]))
        veil = smooth(0.52, 0.8, self.cloud[:, ::-1][:, drift : drift + self.width]) * 0.4
        lay(picture, veil, colour(self.look["mist"]))
        return picture


class Sound:
    """Rings of sound, as ridge lines drawn one over the other."""

    def __init__(self, width: int, height: int, look: dict[str, str], seed: int) -> None:
        self.width, self.height, self.look = width, height, look
        self.aspect = width / height
        self.x, self.y = grid(width, height)
        self.rng = np.random.default_rng(seed)
        self.phase = self.rng.random((40, 6)).astype(np.float32) * 6.28

    def frame(self, t: float) -> Field:
        picture = sky(self.width, self.height, [(0, self.look["zenith"]), (1, self.look["foot"])])
        stops = [(0.0, self.look["one"]), (0.5, self.look["two"]), (1.0, self.look["three"])]
        count = 34
        x = self.x[0]
        middle = np.exp(-(((x - self.aspect / 2) / (0.2 * max(0.8, self.aspect))) ** 2))
        for line in range(count):
            part = line / (count - 1)
            base = (0.22 if self.aspect > 1 else 0.36) + 0.58 * part
            p = self.phase[line]
            wave = sum(
                np.abs(np.sin(x * (9 + 7 * k) + p[k] + t * (0.9 + 0.5 * k) * (1 if k % 2 else -1))) ** 2 / (1 + 0.6 * k)
                for k in range(5)
            )
            pulse = 0.6 + 0.4 * math.sin(t * 3.1 - abs(part - 0.5) * 9)
            top = base - 0.05 * middle * wave * (0.5 + pulse * math.sin(math.pi * part)) - 0.002 * np.sin(x * 40 + p[5])
            rows = slice(
                max(0, int((float(top.min()) - 0.02) * self.height)), min(self.height, int((base + 0.03) * self.height))
            )
            below = self.y[rows] - top[None, :]
            ground = ramp(np.array([base], np.float32), [(0, self.look["zenith"]), (1, self.look["foot"])])[0]
            lay(picture[rows], np.clip(below * self.height, 0, 1) * (0.92 - 0.2 * (below > 0.02)), ground * 0.8)
            stroke = np.exp(-((below * self.height / (0.0018 * self.height)) ** 2)) + 0.25 * np.exp(
                -np.abs(below) * 130
            )
            paint = ramp(np.clip(part + 0.25 * (x / self.aspect - 0.5), 0, 1), stops)
            picture[rows] += stroke[..., None] * paint[None] * (0.55 + 0.7 * middle)[None, :, None]
        return picture


class Bauhaus:
    """Circles, quarters, stripes and half moons on a grid; each tile turns in its time."""

    def __init__(self, width: int, height: int, look: dict[str, str], seed: int) -> None:
        self.width, self.height, self.look = width, height, look
        self.x, self.y = grid(width, height)
        self.aspect = width / height
        rng = np.random.default_rng(seed)
        self.size = 1 / int(look.get("tiles", "6"))
        self.rows = int(look.get("tiles", "6"))
        self.columns = int(np.ceil(self.aspect / self.size - 0.01))
        shape = (self.rows, self.columns)
        self.form = rng.integers(0, 7, shape)
        self.turn = rng.integers(0, 4, shape)
        self.pair = rng.integers(0, 30, (*shape, 2))
        self.when = rng.random(shape) * 6
        self.paper = noise(width, height, 150, rng, octaves=3)
        self.codes = [colour(code) for code in look["colours"].split()]

    def frame(self, t: float) -> Field:
        picture = np.empty((self.height, self.width, 3), np.float32)
        for row in range(self.rows):
            for column in range(self.columns):
                self.tile(picture, t, row, column)
        return picture * (0.94 + 0.12 * self.paper)[..., None]

    def tile(self, picture: Field, t: float, row: int, column: int) -> None:
        size, soft = self.size, self.size * self.height
        rows = slice(round(row * soft), round((row + 1) * soft))
        columns = slice(round(column * soft), min(self.width, round((column + 1) * soft)))
        first, second = (int(value) for value in self.pair[row, column])
        ground = self.codes[first % len(self.codes)]
        paint = self.codes[(first + 1 + second % (len(self.codes) - 1)) % len(self.codes)]
        third = self.codes[(first + second) % len(self.codes)]
        part = picture[rows, columns]
        if not part.size:
            return
        part[:] = ground
        since = (t + float(self.when[row, column])) % 6
        ease = min(1.0, since / 0.9)
        quarter = (
            math.pi / 2 * (self.turn[row, column] + (t + self.when[row, column]) // 6 + ease * ease * (3 - 2 * ease))
        )
        u, v = self.x[:, columns] / size - column - 0.5, self.y[rows] / size - row - 0.5
        u, v = u * math.cos(quarter) - v * math.sin(quarter), u * math.sin(quarter) + v * math.cos(quarter)
        from_corner = np.sqrt((u + 0.5) ** 2 + (v + 0.5) ** 2)
        from_middle = np.sqrt(u * u + v * v)
        form = self.form[row, column]

        def inside(distance: Field) -> Field:
            cover: Field = np.clip(distance * soft + 0.5, 0, 1)
            return cover

        if form == 0:
            lay(part, inside(1 - from_corner), paint)
            lay(part, inside(0.5 - from_corner), third)
        elif form == 1:
            lay(part, inside(0.5 - from_middle), paint)
            lay(part, inside(0.22 - from_middle), ground)
        elif form == 2:
            lay(part, inside(np.minimum(0.5 - from_middle, v)), paint)
            lay(part, inside(np.minimum(0.5 - np.sqrt(u * u + (v + 0.5) ** 2), -v)), third)
        elif form == 3:
            lay(part, inside(u + v), paint)
        elif form == 4:
            lay(part, inside(0.055 - np.abs((u * 4.5 + 8.25) % 1 - 0.5) / 4.5), paint)
        elif form == 5:
            rings = np.abs((from_corner * 5) % 1 - 0.5) / 5
            lay(part, inside(np.minimum(0.05 - rings, 1 - from_corner)), paint)
        else:
            dots = np.sqrt(((u * 3 + 7.5) % 1 - 0.5) ** 2 + ((v * 3 + 7.5) % 1 - 0.5) ** 2) / 3
            lay(part, inside(0.1 - dots), paint)
