"""Water: the sea under a moon or a sun, a harbour at dusk, lanterns on a river, a pond with koi."""

from __future__ import annotations

import math

import numpy as np

from .canvas import Field, blur, cast, colour, disc, glow, grid, lay, noise, ridge, shine, sky, smooth, stars


class Sea:
    """A light over the sea and its path on the waves. `look["sails"]` puts boats on it."""

    horizon = 0.56

    def __init__(self, width: int, height: int, look: dict[str, str], seed: int) -> None:
        self.width, self.height, self.look = width, height, look
        self.aspect = width / height
        self.x, self.y = grid(width, height)
        rng = np.random.default_rng(seed)
        self.clouds = noise(width * 2, height, 3.5, rng, octaves=6, gain=0.55)
        self.night = stars(width, height, int(look.get("stars", "160")), rng, lowest=self.horizon)
        self.first = int(self.horizon * height)
        depth = np.maximum(self.y[self.first :] - self.horizon, 0.0015)
        self.depth = depth / (1 - self.horizon)
        self.far = 0.05 / depth  # perspective: distance of the row
        self.phases = (rng.random(12) * 6.28).tolist()
        self.coast = ridge(2048, 9, rng, octaves=5)

    def waves(self, t: float) -> Field:
        """Slopes of the water, about −1 … 1, finer towards the horizon."""
        across = (self.x - self.aspect / 2) * (0.4 + 9 * self.far) + 3
        along = self.far * 30
        total = np.zeros((self.height - self.first, self.width), np.float32)
        for index, (kx, kz, speed, weight) in enumerate(
            [
                (1.1, 2.3, 0.9, 1.0),
                (-1.7, 3.1, 1.2, 0.8),
                (3.3, 4.9, 1.7, 0.7),
                (-5.1, 6.3, 2.2, 0.55),
                (8.7, 9.1, 2.9, 0.4),
            ]
        ):
            total += weight * np.sin(kx * across + kz * along + speed * t + self.phases[index])
        return total / 2.2

    def frame(self, t: float) -> Field:
        look = self.look
        picture = sky(
            self.width,
            self.height,
            [(0, look["zenith"]), (0.3, look["middle"]), (self.horizon, look["horizon"]), (1, look["horizon"])],
        )
        at_x, at_y, radius = self.aspect * 0.5, float(look.get("height", "0.27")), float(look.get("radius", "0.105"))
        light = colour(look["light"])
        air = picture[: self.first]
        y_air = self.y[: self.first]
        shine(air, self.night[: self.first] * smooth(self.horizon, 0.2, y_air), colour("#dfe9ff"))
        shine(air, glow(self.x, y_air, at_x, at_y, radius * 1.5) * 0.5, light)
        face = self.clouds[: self.first, : self.width, None]
        lay(air, disc(self.x, y_air, at_x, at_y, radius, 2.5 / self.height), light * (0.86 + 0.4 * face))
        shift = int(t * self.width * 0.008) % self.width
        cloud = smooth(0.5, 0.78, self.clouds[: self.first, shift : shift + self.width])
        lit = glow(self.x, y_air, at_x, at_y, 0.3)[..., None]
        lay(air, cloud * (0.35 + 0.55 * y_air / self.horizon), colour(look["cloud"]) + light * lit * 0.55)
        self.land(air, t)
        wave = self.waves(t)
        deep, shallow = colour(look["deep"]), colour(look["horizon"])
        water = (
            deep
            + (shallow - deep) * np.clip(0.62 * (1 - self.depth) ** 3 + 0.09 * wave * self.depth**0.4, 0, 1)[..., None]
        )
        spread = 0.03 + 0.3 * self.depth
        path = np.exp(-(((self.x - at_x + 0.016 * wave) / spread) ** 2))
        glint = smooth(0.25, 1.0, wave + 0.55 * path) * path
        water += (glint * (1.05 - 0.35 * self.depth))[..., None] * light
        water += (path * 0.16)[..., None] * light
        picture[self.first :] = water
        if look.get("sails"):
            for index in range(3):
                self.sail(picture, t, index)
        return picture

    def land(self, air: Field, t: float) -> None:
        if "coast" in self.look:
            place = np.linspace(0, 2047, self.width)
            line = self.horizon - 0.1 * np.maximum(np.interp(place, np.arange(2048), self.coast) - 0.42, 0)
            lay(
                air,
                np.clip((self.y[: self.first] - line[None, :]) * self.height + 0.5, 0, 1),
                colour(self.look["coast"]),
            )

    def sail(self, picture: Field, t: float, index: int) -> None:
        scale = (0.1, 0.055, 0.034)[index]
        at_x = self.aspect * (0.3, 0.71, 0.84)[index] + 0.004 * t * (1 - 0.3 * index)
        base = self.horizon + (0.105, 0.03, 0.012)[index] + 0.003 * math.sin(t * 1.1 + index)
        dark = colour(self.look["sails"])
        for sign, strength in ((1, 1.0), (-1, 0.45)):  # the boat, then its reflection
            rows = slice(int((base - 1.7 * scale) * self.height), int((base + 1.7 * scale) * self.height))
            columns = slice(max(0, int((at_x - 1.2 * scale) * self.height)), int((at_x + 1.2 * scale) * self.height))
            v = (self.y[rows] - base) / scale * sign
            u = (self.x[:, columns] - at_x) / scale + (0.06 * np.sin(v * 14 + t * 2) if sign < 0 else 0)
            soft = scale * self.height * 0.8
            sheet = np.clip((np.minimum(v + 1.5, -0.12 - v) * 0.9 - 0.02) * soft, 0, 1)
            belly = 0.62 * np.sqrt(np.clip((v + 1.55) / 1.5, 0, 1))
            main = sheet * np.clip((belly - np.abs(u - 0.22)) * soft, 0, 1)
            ribs = 1 - 0.22 * (np.abs(np.sin(v * 10.5)) < 0.16)
            hull = np.clip((0.11 - np.abs(v - 0.1 * u * u)) * soft, 0, 1) * (np.abs(u) < 0.95)
            lay(picture[rows, columns], np.maximum(main, hull) * strength * ribs, dark)


class Lanterns:
    """Paper lanterns rising over a dark river, and again in the water."""

    horizon = 0.7

    def __init__(self, width: int, height: int, look: dict[str, str], seed: int) -> None:
        self.width, self.height, self.look = width, height, look
        self.aspect = width / height
        self.x, self.y = grid(width, height)
        rng = np.random.default_rng(seed)
        count = 78
        near = np.sort(rng.random(count) ** 3.2)
        self.near = near.tolist()
        self.at_x = (rng.random(count) * max(self.aspect, 1.0) - max(0, 1.0 - self.aspect) / 2).tolist()
        self.at_y = (rng.random(count) * 0.95).tolist()
        self.phase = (rng.random(count) * 6.28).tolist()
        self.hill = [ridge(2048, 8, rng, octaves=6), ridge(2048, 12, rng, octaves=6)]
        self.haze = noise(width, height, 3, rng, octaves=5)
        self.night = stars(width, height, 130, rng, lowest=0.6)

    def lantern(self, light: Field, at_x: float, at_y: float, size: float) -> None:
        """Adds one lantern's colour: a body brighter at its foot, and a halo."""
        left, right = (int((at_x - size * 5) * self.height), int((at_x + size * 5) * self.height))
        top, foot = (int((at_y - size * 5) * self.height), int((at_y + size * 5) * self.height))
        left, top = max(0, left), max(0, top)
        part = light[top : max(top, foot), left : max(left, right)]
        if not part.size:
            return
        u = (self.x[:, left : left + part.shape[1]] - at_x) / size
        v = (self.y[top : top + part.shape[0]] - at_y) / size
        soft = max(1.5, size * self.height * 0.7)
        half = 0.62 + 0.16 * np.clip((0.6 - v) * 0.6, -1, 1) - 0.3 * np.clip(-v - 0.5, 0, 1) ** 2
        body = np.clip((half - np.abs(u)) * soft, 0, 1) * np.clip((0.95 - np.abs(v)) * soft, 0, 1)
        rib = 1 - 0.12 * (np.cos(u / np.maximum(half, 0.2) * 4.5) ** 8)
        shade = (0.5 + 0.5 * smooth(-1.0, 0.8, v)) * rib
        warm, hot = colour(self.look["lantern"]), colour(self.look["flame"])
        flame = np.exp(-(u**2 * 5 + (v - 0.6) ** 2 * 7))
        distance = u * u + v * v
        halo = np.exp(-distance * 0.22) * 0.3 * np.clip(1 - distance / 24, 0, 1)
        glowing = (
            body[..., None] * (warm * shade[..., None] * 0.95 + hot * flame[..., None] * 0.75) + halo[..., None] * warm
        )
        np.maximum(part, glowing, out=part)

    def frame(self, t: float) -> Field:
        look = self.look
        first = int(self.horizon * self.height)
        picture = sky(
            self.width, self.height, [(0, look["zenith"]), (self.horizon, look["horizon"]), (1, look["horizon"])]
        )
        shine(picture, self.night * 0.7, colour("#cfdcff"))
        lay(picture, smooth(0.45, 0.8, self.haze) * 0.35, colour(look["haze"]))
        for layer, (line, tall) in enumerate(zip(self.hill, (0.15, 0.075), strict=True)):
            place = np.linspace(0, 2047, self.width)
            top = self.horizon - tall * np.interp(place, np.arange(2048), line) + 0.012
            mask = np.clip((self.y - top[None, :]) * self.height + 0.5, 0, 1)
            lay(picture, mask, colour(look["hill"]) * (1.0 - 0.4 * layer))
        light = np.zeros_like(picture)
        for near, at_x, at_y, phase in zip(self.near, self.at_x, self.at_y, self.phase, strict=True):
            size = 0.007 + 0.062 * near
            rise = ((at_y - t * (0.006 + 0.02 * near)) % 1.05) - 0.08
            if rise < self.horizon - size * 1.2:
                self.lantern(light, at_x + 0.012 * math.sin(t * 0.4 + phase), rise, size)
        picture += light * 1.05
        above = picture[2 * first - self.height : first][::-1] if 2 * first >= self.height else picture[:first][::-1]
        rows = self.height - first
        mirrored = np.concatenate([above, np.repeat(above[-1:], max(0, rows - len(above)), 0)])[:rows]
        depth: Field = np.linspace(0, 1, rows, dtype=np.float32)
        sway = (
            np.sin(np.arange(rows) / self.height * 260 / (1 + 2.5 * depth) + t * 2.2)
            * (1 + 7 * depth)
            * self.height
            / 900
        )
        columns = np.clip(np.arange(self.width)[None, :] + sway[:, None].astype(np.int32), 0, self.width - 1)
        water = mirrored[np.arange(rows)[:, None], columns]
        water = blur(water, self.height / 240) * (0.72 - 0.3 * depth)[:, None, None] + colour(look["water"]) * 0.35
        picture[first:] = water
        return picture


class Koi:
    """A pond from above: rings of rain, koi, lotus leaves."""

    def __init__(self, width: int, height: int, look: dict[str, str], seed: int) -> None:
        self.width, self.height, self.look = width, height, look
        self.aspect = width / height
        self.x, self.y = grid(width, height)
        rng = np.random.default_rng(seed)
        self.bed = noise(width, height, 3, rng, octaves=6)
        self.patch = noise(256, 128, 5, rng, octaves=2)
        self.fish = [
            (0.5, 0.5, 0.27, 0.0, 0.55),
            (0.5, 0.66, 0.24, 3.3, 0.5),
            (0.22, 0.4, 0.15, 1.4, 0.3),
            (0.76, 0.76, 0.17, 4.4, 0.34),
            (0.2, 0.86, 0.12, 2.4, 0.2),
        ]
        self.leaves = [(0.1, 0.88, 0.19), (0.93, 0.5, 0.13), (0.86, 0.06, 0.17), (0.04, 0.12, 0.1), (0.3, 0.99, 0.1)]
        self.drops = [(rng.random(), rng.random(), rng.random() * 5) for _ in range(7)]

    def crop(self, picture: Field, at_x: float, at_y: float, reach: float) -> tuple[Field, Field, Field]:
        """The part of the picture within `reach` of a place, with its x and y."""
        rows = slice(max(0, int((at_y - reach) * self.height)), max(0, int((at_y + reach) * self.height)))
        columns = slice(max(0, int((at_x - reach) * self.height)), max(0, int((at_x + reach) * self.height)))
        return picture[rows, columns], self.x[:, columns], self.y[rows]

    def koi(self, picture: Field, t: float, fish: tuple[float, float, float, float, float], index: int) -> None:
        place, height, size, turn, _ = fish
        angle = turn + 0.16 * t * (0.8 + 0.1 * index)
        orbit = 0.11 if index < 2 else 0.05
        at_x = self.aspect * place + orbit * math.cos(angle)
        at_y = height + orbit * math.sin(angle) * 0.8
        heading = angle + math.pi / 2
        picture, x, y = self.crop(picture, at_x, at_y, size * 0.98)
        if not picture.size:
            return
        dx, dy = x - at_x, y - at_y
        u = (dx * math.cos(heading) + dy * math.sin(heading)) / size  # along the body, head at +0.5
        v = (-dx * math.sin(heading) + dy * math.cos(heading)) / size
        v = v - 0.09 * np.sin(u * 5.5 - t * 4 + index) * (0.6 - u) - 0.35 * u * u * (0.5 if index < 2 else 0.2)
        soft = size * self.height
        half = 0.155 * np.sqrt(np.clip((0.52 - u) * 3.2, 0, 1)) * np.clip((u + 0.62) * 1.35, 0, 1) ** 0.75
        body = np.clip((half - np.abs(v)) * soft, 0, 1)
        tail_half = 0.2 * np.clip((-0.42 - u) * 3.4, 0, 1) ** 0.8
        tail = np.clip((tail_half - np.abs(v)) * soft, 0, 1) * np.clip(
            (u + 0.82 - 0.25 * np.abs(np.cos(v * 9)) * 0.3) * soft * 0.5, 0, 1
        )
        fin = np.clip((0.075 - np.abs(u - 0.17 + np.abs(v) * 0.55)) * soft * 0.6, 0, 1) * (np.abs(v) < 0.31)
        rows = np.clip(((v + 0.3) / 0.6 * 127), 0, 127).astype(np.int16)
        columns = np.clip(((u + 0.8) / 1.4 * 255), 0, 255).astype(np.int16)
        spots = smooth(0.5, 0.56, self.patch[rows, (columns + 60 * index) % 256])
        white, red = colour(self.look["white"]), colour(self.look["koi"] if index != 1 else self.look["gold"])
        paint = white + (red - white) * spots[..., None]
        paint = paint * (0.62 + 0.38 * np.clip(1 - (np.abs(v) / np.maximum(half, 0.02)) ** 2, 0, 1))[..., None]
        shadow = cast(np.maximum(body, tail * 0.7), int(0.025 * self.height), int(0.015 * self.height))
        picture *= (1 - 0.45 * blur(shadow, self.height / 80))[..., None]
        veil = white * 0.5 + red * 0.5
        lay(picture, np.maximum(tail, fin) * 0.62, veil)
        lay(picture, body, paint)
        eyes = np.exp(-(((u - 0.42) / 0.016) ** 2 + ((np.abs(v) - 0.075) / 0.016) ** 2))
        lay(picture, np.clip(eyes * 1.4, 0, 1), (0.02, 0.02, 0.03))

    def leaf(self, picture: Field, t: float, leaf: tuple[float, float, float], index: int) -> None:
        at_x, at_y = (
            self.aspect * leaf[0] + 0.004 * math.sin(t * 0.5 + index),
            leaf[1] + 0.003 * math.cos(t * 0.6 + index),
        )
        bed = self.crop(self.bed, at_x, at_y, leaf[2] * 1.25)[0]
        picture, x, y = self.crop(picture, at_x, at_y, leaf[2] * 1.25)
        if not picture.size:
            return
        dx, dy = x - at_x, y - at_y
        radius = np.sqrt(dx * dx + dy * dy)
        angle = np.arctan2(dy, dx) + index * 1.7
        edge = leaf[2] * (1 + 0.03 * np.sin(angle * 7))
        mask = np.clip((edge - radius) * self.height, 0, 1) * (
            1 - np.exp(-(((angle % 6.283 - 3.14) / 0.09) ** 2)) * (radius > 0.02)
        )
        shadow = cast(mask, int(0.014 * self.height), int(0.01 * self.height))
        picture *= (1 - 0.4 * shadow * (1 - mask))[..., None]
        vein = np.exp(-(((np.abs((angle * 9 / 3.1416) % 2 - 1) - 0.0) * radius * 60) ** 2)) * 0.3
        shade = 0.68 + 0.34 * (1 - radius / leaf[2]) + 0.25 * (bed - 0.5) + vein
        lay(picture, mask, colour(self.look["leaf"]) * shade[..., None])

    def frame(self, t: float) -> Field:
        picture = np.empty((self.height, self.width, 3), np.float32)
        deep, shallow = colour(self.look["deep"]), colour(self.look["shallow"])
        centre = glow(self.x, self.y, self.aspect * 0.5, 0.48, 0.5)
        picture[:] = deep + (shallow - deep) * (np.clip(self.bed * 0.85 + 0.1, 0, 1) * centre)[..., None]
        for index in (4, 3, 2, 1, 0):
            self.koi(picture, t, self.fish[index], index)
        for index, leaf in enumerate(self.leaves):
            self.leaf(picture, t, leaf, index)
        slope = np.zeros((self.height, self.width), np.float32)
        for place, height, start in self.drops:
            age = (t + start) % 5
            distance = np.sqrt((self.x - place * self.aspect) ** 2 + (self.y - height) ** 2)
            wave = np.exp(-(((distance - age * 0.07) / 0.028) ** 2)) * math.exp(-age * 0.5)
            slope += wave * np.cos((distance - age * 0.07) * 260)
        shine(picture, np.clip(slope, 0, 1) * 0.3, colour(self.look["glint"]))
        picture *= (1 - 0.25 * np.clip(-slope, 0, 1))[..., None]
        return picture
