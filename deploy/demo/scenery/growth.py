"""What grows by a rule: a Julia set, reaction and diffusion, the game of life."""

from __future__ import annotations

import math

import numpy as np

from .canvas import Field, blur, colour, grid, lay, noise, ramp, resize, shine, sky, smooth


class Julia:
    """A Julia set, coloured smoothly, slowly turning and coming closer."""

    def __init__(self, width: int, height: int, look: dict[str, str], seed: int) -> None:
        self.width, self.height, self.look = width, height, look
        self.x, self.y = grid(width, height)
        self.aspect = width / height
        self.stops = [(index / 5, code) for index, code in enumerate(look["stops"].split())]

    def frame(self, t: float) -> Field:
        zoom = (0.78 if self.aspect > 1 else 1.2) * 0.975**t
        angle = 0.5 + 0.02 * t
        u, v = (self.x - self.aspect / 2) * 2 * zoom, (self.y - 0.47) * 2 * zoom
        z = (
            (u * math.cos(angle) - v * math.sin(angle) + 1j * (u * math.sin(angle) + v * math.cos(angle)))
            .astype(np.complex64)
            .ravel()
        )
        turn = 2.06 + 0.006 * math.sin(t * 0.22)
        c = np.complex64(0.7885 * np.exp(1j * turn) * 0.995)
        count = np.zeros(z.size, np.float32)
        orbit = np.full(z.size, 4, np.float32)
        alive = np.arange(z.size)
        limit = 110
        for step in range(limit):
            z = z * z + c
            square = z.real**2 + z.imag**2
            orbit[alive] = np.minimum(orbit[alive], np.abs(z.real * z.imag))
            out = square > 64
            if out.any():
                gone = alive[out]
                count[gone] = step + 1 - np.log2(np.log2(square[out]) / 2)
                alive, z = alive[~out], z[~out]
            if not alive.size:
                break
        count[alive] = limit
        value = np.log1p(np.maximum(count, 0)).reshape(self.height, self.width) / np.log1p(limit)
        picture: Field = ramp(np.clip(value * 1.12 - 0.1, 0, 1), self.stops)
        trap = np.exp(-orbit.reshape(self.height, self.width) * 26)
        picture = picture * (0.75 + 0.45 * trap[..., None])
        shine(picture, trap * smooth(0.35, 0.9, value) * 0.35, colour(self.stops[-1][1]))
        return picture


class Growth:
    """Reaction and diffusion (Gray–Scott), lit from the side like something alive."""

    def __init__(self, width: int, height: int, look: dict[str, str], seed: int) -> None:
        self.width, self.height, self.look = width, height, look
        rng = np.random.default_rng(seed)
        self.rows, self.columns = 200, max(64, round(200 * width / height))
        self.u = np.ones((self.rows, self.columns), np.float32)
        self.v = np.zeros_like(self.u)
        for _ in range(int(34 * self.columns / self.rows) + 6):
            row, column = int(rng.random() * (self.rows - 8)), int(rng.random() * (self.columns - 8))
            self.v[row : row + 6, column : column + 6] = 0.5
            self.u[row : row + 6, column : column + 6] = 0.4
        # the feed rate changes over the dish, so that spots turn into labyrinths
        self.feed = (0.03 + 0.018 * noise(self.columns, self.rows, 2, rng, octaves=2)).astype(np.float32)
        self.done = 0
        self.speed = 42  # steps a second
        self.start = int(look.get("age", "1700"))

    def step(self) -> None:
        u, v = self.u, self.v
        spread = []
        for field in (u, v):
            padded = np.pad(field, 1, "wrap")
            side = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
            corner = padded[:-2, :-2] + padded[:-2, 2:] + padded[2:, :-2] + padded[2:, 2:]
            spread.append(0.2 * side + 0.05 * corner - field)
        meet = u * v * v
        u += 1.0 * spread[0] - meet + self.feed * (1 - u)
        v += 0.5 * spread[1] + meet - (self.feed + 0.0615) * v

    def frame(self, t: float) -> Field:
        wanted = self.start + int(t * self.speed)
        while self.done < wanted:
            self.step()
            self.done += 1
        tall = resize(self.v, self.width, self.height)
        down: Field = np.gradient(tall, 1 / self.height, axis=0)
        right: Field = np.gradient(tall, 1 / self.height, axis=1)
        value = np.clip(tall * 2.9, 0, 1)
        picture = ramp(
            value,
            [(0, self.look["deep"]), (0.3, self.look["low"]), (0.65, self.look["middle"]), (1, self.look["high"])],
        )
        light: Field = np.clip((-0.7 * down - 0.7 * right) * 0.05, -0.6, 1)
        picture *= (0.85 + 0.45 * light)[..., None]
        shine(picture, np.clip(light - 0.28, 0, 1) ** 2 * 1.5, colour(self.look["glint"]))
        return picture


class Life:
    """Conway's game of life, each cell's past glowing on."""

    def __init__(self, width: int, height: int, look: dict[str, str], seed: int) -> None:
        self.width, self.height, self.look = width, height, look
        rng = np.random.default_rng(seed)
        self.rows = 54
        self.columns = max(20, round(self.rows * width / height))
        self.cells = rng.random((self.rows, self.columns)) < 0.26
        middle = (np.abs(np.arange(self.columns) - self.columns / 2) < self.columns * 0.42)[None, :]
        self.cells &= middle
        self.heat = np.zeros((self.rows, self.columns), np.float32)
        self.done = 0

    def step(self) -> None:
        padded = np.pad(self.cells.astype(np.int8), 1, "wrap")
        around = sum(
            padded[1 + dy : 1 + dy + self.rows, 1 + dx : 1 + dx + self.columns]
            for dy in (-1, 0, 1)
            for dx in (-1, 0, 1)
            if dy or dx
        )
        self.cells = (around == 3) | (self.cells & (around == 2))
        self.heat = np.maximum(self.heat * 0.9, self.cells)

    def frame(self, t: float) -> Field:
        while self.done < 40 + int(t * 8):
            self.step()
            self.done += 1
        row = (np.arange(self.height) + 0.5) / self.height * self.rows
        column = (np.arange(self.width) + 0.5) / self.width * self.columns
        cell_y, cell_x = row.astype(np.int16), column.astype(np.int16)
        part_y, part_x = np.abs(row - cell_y - 0.5)[:, None], np.abs(column - cell_x - 0.5)[None, :]
        heat = self.heat[cell_y[:, None], cell_x[None, :]]
        alive = self.cells[cell_y[:, None], cell_x[None, :]]
        size = np.where(alive, 0.42, 0.1 + 0.26 * heat).astype(np.float32)
        corner = np.maximum(
            np.hypot(np.maximum(part_x - size + 0.16, 0), np.maximum(part_y - size + 0.16, 0)) - 0.16, -1
        )
        mask = np.clip(-corner * self.height / self.rows + 0.5, 0, 1).astype(np.float32)
        picture = sky(self.width, self.height, [(0, self.look["zenith"]), (1, self.look["foot"])])
        grid_line = np.maximum(part_x, part_y) > 0.475
        picture += np.where(grid_line, 0.014, 0)[..., None]
        paint = ramp(
            np.where(alive, 1.0, heat * 0.75).astype(np.float32),
            [(0, self.look["cold"]), (0.4, self.look["cool"]), (0.75, self.look["warm"]), (1, self.look["hot"])],
        )
        lay(picture, mask * np.where(heat > 0.03, 1, 0.5), paint)
        picture += blur(np.maximum(picture - 0.3, 0), self.height / 40) * 0.8
        return picture
