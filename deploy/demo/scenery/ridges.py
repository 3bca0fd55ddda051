"""Landscapes made of skylines one behind the other: mountains, ink, dunes, cut paper."""

from __future__ import annotations

import numpy as np

from .canvas import Field, blur, colour, disc, glow, grid, lay, noise, ridge, shine, sky, smooth, stars


class Ridges:
    """Skylines that drift at their own speed; nearer ones lie lower, move faster, are darker."""

    layers = 7
    top, bottom = 0.34, 0.98  # where the farthest and the nearest skyline lie
    drift = 0.012  # heights a second, nearest

    def __init__(self, width: int, height: int, look: dict[str, str], seed: int) -> None:
        self.width, self.height, self.look, self.seed = width, height, look, seed
        self.aspect = width / height
        self.x, self.y = grid(width, height)
        self.rng = np.random.default_rng(seed)
        self.length = 4096
        self.span = 4.0  # heights that one skyline covers before it repeats (mirrored)
        self.skylines = [self.skyline(layer) for layer in range(self.layers)]
        self.prepare()

    def prepare(self) -> None: ...

    def skyline(self, layer: int) -> Field:
        near = layer / max(1, self.layers - 1)
        line = ridge(self.length, 6 + 5 * near, self.rng, gain=0.48 - 0.08 * near)
        centred: Field = line - line.mean()
        return centred

    def line(self, layer: int, t: float) -> Field:
        """The skyline's height at every column."""
        near = (layer + 1) / self.layers
        place = (self.x[0] + (1.78 - self.aspect) / 2 + 0.37 * layer + t * self.drift * near**1.6) / self.span
        place = np.abs((place % 2) - 1) * (self.length - 1)
        heights: Field = np.interp(place, np.arange(self.length), self.skylines[layer]).astype(np.float32)
        return heights

    def level(self, layer: int) -> float:
        near = layer / max(1, self.layers - 1)
        return float(self.top + (self.bottom - self.top) * near**1.15)

    def bands(self, tops: list[Field], spare: float = 0.01) -> list[slice]:
        """The rows in which each layer can be seen: from its highest point to where the next one covers all."""
        rows = []
        for layer, top in enumerate(tops):
            first = int((float(top.min()) - spare) * self.height)
            covered = float(tops[layer + 1].max()) if layer + 1 < len(tops) else 1.0
            rows.append(
                slice(max(0, min(first, self.height - 1)), min(self.height, int((covered + spare) * self.height) + 1))
            )
        return rows


class MistyMountains(Ridges):
    """Blue ranges in morning mist, with a low sun."""

    def prepare(self) -> None:
        self.clouds = noise(self.width * 2, self.height, 3, self.rng, octaves=5)

    def frame(self, t: float) -> Field:
        look = self.look
        picture = sky(self.width, self.height, [(0, look["zenith"]), (0.45, look["horizon"]), (1, look["horizon"])])
        sun_x, sun_y = self.aspect * 0.64, 0.2 - 0.0012 * t
        shine(picture, glow(self.x, self.y, sun_x, sun_y, 0.16) * 0.55, colour(look["sun"]))
        lay(picture, disc(self.x, self.y, sun_x, sun_y, 0.062, 0.004), colour(look["sun"]) * 1.15)
        shift = int(t * self.width * 0.006) % self.width
        cloud = smooth(0.52, 0.8, self.clouds[:, shift : shift + self.width]) * smooth(0.5, 0.1, self.y)
        lay(picture, cloud * 0.32, colour(look["mist"]))
        far, near_colour, mist = colour(look["far"]), colour(look["near"]), colour(look["mist"])
        tops = [self.level(layer) - self.line(layer, t) * (0.42 - 0.016 * layer) - 0.02 for layer in range(self.layers)]
        for layer, rows in enumerate(self.bands(tops)):
            near = layer / (self.layers - 1)
            below = self.y[rows] - tops[layer][None, :]
            mask = np.clip(below * self.height + 0.5, 0, 1)
            paint = far + (near_colour - far) * near**1.1
            fog = np.exp(-np.maximum(0, 0.2 - below) * 10) * (0.92 * (1 - near) ** 0.8 + 0.03)
            lay(picture[rows], mask, paint + fog[..., None] * (mist - paint))
        return picture


class InkWash(Ridges):
    """水墨: wet ink on paper, a red sun, birds, a lone boat."""

    layers = 5
    drift = 0.008

    def level(self, layer: int) -> float:
        return (0.42, 0.48, 0.55, 0.63, 0.97)[layer]

    def skyline(self, layer: int) -> Field:
        line = ridge(self.length, 9, self.rng, gain=0.52)
        steep: Field = (np.sign(line - 0.5) * np.abs(line - 0.5) ** 0.85).astype(np.float32)
        return steep

    def prepare(self) -> None:
        paper = noise(self.width, self.height, 160, self.rng, octaves=3)
        wash = noise(self.width, self.height, 3, self.rng, octaves=4)
        self.paper = (1 - 0.07 * (paper - 0.5) - 0.1 * (wash - 0.5))[..., None]
        self.wet = noise(self.width, self.height, 7, self.rng, octaves=6, gain=0.6)
        self.dry = noise(self.width, self.height, 60, self.rng, octaves=3)

    def frame(self, t: float) -> Field:
        look = self.look
        picture = sky(self.width, self.height, [(0, look["paper"]), (1, look["paper2"])]) * self.paper
        sun_x = self.aspect * 0.3
        edge = 0.075 + 0.006 * (self.wet - 0.5)
        distance = np.sqrt((self.x - sun_x) ** 2 + (self.y - 0.23) ** 2)
        sun = np.clip((edge - distance) * self.height * 0.4 + 0.5, 0, 1) * (0.72 + 0.5 * (self.wet - 0.4))
        lay(picture, np.clip(sun, 0, 1), colour(look["seal"]))
        ink = colour(look["ink"])
        tops = [self.level(n) - self.line(n, t) * (0.66 - 0.1 * n) for n in range(self.layers)]
        for layer, top in enumerate(tops):
            near = layer / (self.layers - 1)
            if layer == self.layers - 1:
                self.boat(picture, t, ink)
            rows = slice(max(0, int((float(top.min()) - 0.02) * self.height)), self.height)
            wet = self.wet[rows]
            below = self.y[rows] - top[None, :] + 0.012 * (wet - 0.5)
            mask = smooth(-0.004, 0.006, below)
            body = np.exp(-np.maximum(below, 0) * (8 - 2 * near)) * (0.2 + 0.7 * near**1.4)
            body *= 0.7 + 0.75 * (wet - 0.35)
            rim = np.exp(-np.abs(below) * 150) * 0.25 * (0.4 + near) * smooth(0.35, 0.65, self.dry[rows])
            lay(picture[rows], mask * np.clip(body + rim, 0, 0.96), ink)
        self.birds(picture, t, ink)
        return picture

    def boat(self, picture: Field, t: float, ink: Field) -> None:
        at_x, at_y = self.aspect * (0.62 - 0.004 * t), 0.775
        rows = slice(int((at_y - 0.08) * self.height), int((at_y + 0.08) * self.height))
        u, v = (self.x - at_x) / 0.06, (self.y[rows] - at_y) / 0.06
        part = picture[rows]
        hull = np.clip((0.16 - np.abs(v - 0.28 * u * u - 0.05) - 0.05 * np.abs(u)) * 22, 0, 1) * (np.abs(u) < 1)
        roof = np.clip((0.32 - np.sqrt((u * 0.8) ** 2 + (v + 0.02) ** 2)) * 22, 0, 1) * (v < 0.06)
        man = np.clip((0.1 - np.sqrt((u - 0.66) ** 2 + ((v + 0.16) * 0.34) ** 2)) * 30, 0, 1)
        lay(part, np.clip(np.maximum(np.maximum(hull, roof), man), 0, 1) * 0.86, ink)
        lay(part, np.exp(-np.abs(v - 0.42) * 7) * np.exp(-(u**2) / 1.4) * 0.2, ink)

    def birds(self, picture: Field, t: float, ink: Field) -> None:
        for index in range(7):
            at_x = self.aspect * 0.52 + 0.035 * index + 0.01 * ((index * 7) % 3) + 0.006 * t
            at_y = 0.2 + 0.014 * ((index * 5) % 4) - 0.012 * index
            rows = slice(max(0, int((at_y - 0.03) * self.height)), int((at_y + 0.03) * self.height))
            u, v = (self.x - at_x) / 0.014, (self.y[rows] - at_y) / 0.014
            flap = 0.35 + 0.25 * np.sin(t * 5 + index)
            wing = np.abs(v + flap * np.abs(u) ** 0.6 - flap * 0.6)
            lay(picture[rows], np.clip((0.1 * (1.2 - np.abs(u)) - wing) * 10, 0, 1) * (np.abs(u) < 1.2) * 0.85, ink)


class Dunes(Ridges):
    """Desert: lit and shaded sides, rippled sand, a white sun."""

    layers = 5
    top, bottom = 0.46, 0.95
    drift = 0.014

    def skyline(self, layer: int) -> Field:
        rough = ridge(self.length, 5 + layer, self.rng, octaves=2, gain=0.35)
        line = 1 - np.abs(rough - 0.5) * 2.6
        kernel = np.hanning(31)
        return np.convolve(line, kernel / kernel.sum(), "same").astype(np.float32) - 0.4

    def prepare(self) -> None:
        self.grain = noise(self.width, self.height, 220, self.rng, octaves=2)
        self.haze = noise(self.width * 2, self.height, 4, self.rng, octaves=5)

    def frame(self, t: float) -> Field:
        look = self.look
        picture = sky(
            self.width,
            self.height,
            [(0, look["zenith"]), (0.34, look["middle"]), (0.52, look["horizon"]), (1, look["horizon"])],
        )
        sun_x, sun_y = self.aspect * 0.36, 0.27
        shine(picture, glow(self.x, self.y, sun_x, sun_y, 0.15) * 0.6, colour(look["sun"]))
        lay(picture, disc(self.x, self.y, sun_x, sun_y, 0.085, 0.004), colour(look["sun"]) * 1.1)
        shift = int(t * self.width * 0.01) % self.width
        veil = smooth(0.5, 0.75, self.haze[:, shift : shift + self.width]) * smooth(0.1, 0.5, self.y)
        lay(picture, veil * 0.35, colour(look["horizon"]))
        light, shade, haze = colour(look["light"]), colour(look["shade"]), colour(look["horizon"])
        tops = [self.level(n) - self.line(n, t) * (0.05 + 0.05 * n) for n in range(self.layers)]
        columns = np.arange(self.width, dtype=np.float32)[None, :]
        for layer, rows in enumerate(self.bands(tops)):
            near = layer / (self.layers - 1)
            slope = np.gradient(tops[layer]).astype(np.float32) * self.height
            slope = np.convolve(np.pad(slope, 8, "edge"), np.ones(17, np.float32) / 17, "valid")
            below = self.y[rows] - tops[layer][None, :]
            mask = np.clip(below * self.height + 0.5, 0, 1)
            # a crest runs down the face aslant and winds, so its shade is looked up aside
            winding = below * (0.9 + 0.5 * np.sin(below * 14 + layer * 2.1)) * self.height
            aside = np.clip(columns + winding, 0, self.width - 1).astype(np.int32)
            lit = np.clip(0.5 - slope[aside] * 1.5, 0, 1)
            ripple = np.sin((below + 0.04 * np.sin(self.x * 9 + layer)) * (190 - 110 * near) + self.x * 26)
            lit = lit * (1 - 0.5 * np.minimum(below * 2.2, 1)) + 0.22 * np.minimum(below * 2.2, 1)
            lit = np.clip(lit + 0.07 * near * ripple + 0.14 * (self.grain[rows] - 0.5), 0, 1)[..., None]
            paint = shade + (light - shade) * lit
            paint = paint + (haze - paint) * (0.72 * (1 - near) ** 1.5)
            lay(picture[rows], mask, paint + np.exp(-np.maximum(below, 0) * 160)[..., None] * 0.15 * near)
        return picture


class PaperCut(Ridges):
    """Sheets of coloured paper, each casting its shadow on the one behind; a castle in the middle."""

    layers = 7
    top, bottom = 0.5, 1.0
    drift = 0.016

    def skyline(self, layer: int) -> Field:
        line = ridge(self.length, 7 + 2 * layer, self.rng, octaves=3, gain=0.42)
        centred: Field = line - line.mean()
        return centred

    def prepare(self) -> None:
        self.fibre = noise(self.width, self.height, 180, self.rng, octaves=2)
        self.night = stars(self.width, self.height, 60, self.rng, lowest=0.5, size=1.8)

    def castle(self, t: float) -> Field:
        """Towers with pointed roofs, as one sheet's mask."""
        middle = self.aspect * 0.5 - 0.004 * t
        shape = np.zeros((self.height, self.width), np.float32)
        soft = self.height
        towers = [(-0.19, 0.036, 0.53), (-0.1, 0.045, 0.45), (0.0, 0.055, 0.34), (0.1, 0.042, 0.42), (0.18, 0.034, 0.5)]
        for offset, half, top in towers:
            u = np.abs(self.x - middle - offset)
            wall = np.clip((half - u) * soft, 0, 1) * (self.y > top)
            roof = (
                np.clip((half * 1.35 * (self.y - top + 0.12) / 0.12 - u) * soft, 0, 1)
                * (self.y <= top)
                * (self.y > top - 0.12)
            )
            notch = (np.abs(self.y - top - 0.06) < 0.022) & (u < half * 0.22)
            np.maximum(shape, np.maximum(wall, roof) * ~notch, out=shape)
        keep = np.clip((0.22 - np.abs(self.x - middle)) * soft, 0, 1) * (self.y > 0.56)
        castle: Field = np.maximum(shape, keep)
        return castle

    def sheet(self, picture: Field, mask: Field, paint: Field) -> None:
        drop = max(1, self.height // 110)
        shadow = np.roll(blur(mask, self.height / 90), (-drop, drop), axis=(0, 1))
        picture *= (1 - 0.42 * np.clip(shadow, 0, 1) * (1 - mask))[..., None]
        lay(picture, mask, paint * (0.95 + 0.1 * self.fibre[-len(mask) :, :, None]))

    def frame(self, t: float) -> Field:
        look = self.look
        picture = sky(self.width, self.height, [(0, look["zenith"]), (1, look["horizon"])]) * (
            0.95 + 0.1 * self.fibre[..., None]
        )
        shine(picture, self.night, colour(look["moon"]))
        moon_x, moon_y = self.aspect * 0.5, 0.3
        for radius, strength in ((0.42, 0.1), (0.32, 0.14), (0.235, 1.0)):
            ring = disc(self.x, self.y, moon_x, moon_y, radius, 1.5 / self.height)
            if strength == 1.0:
                self.sheet(picture, ring, colour(look["moon"]))
            else:
                lay(picture, ring * strength, colour(look["moon"]))
        far, near_colour = colour(look["far"]), colour(look["near"])
        for layer in range(self.layers):
            near = layer / (self.layers - 1)
            paint = far + (near_colour - far) * near
            if layer == 2:
                self.sheet(picture, self.castle(t), paint * 0.92)
            top = self.level(layer) - self.line(layer, t) * 0.24 - 0.02
            scallop = 0.006 * np.abs(np.sin((self.x[0] + t * self.drift * near) * (34 - 3 * layer))) * (layer % 2)
            first = max(0, int((float(top.min()) - 0.06) * self.height))
            mask = np.clip((self.y[first:] - top[None, :] + scallop) * self.height + 0.5, 0, 1)
            self.sheet(picture[first:], mask, paint)
        return picture
