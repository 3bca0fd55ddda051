"""Portraits of the demo's people: cut-paper busts before a lit wall, drawn by code."""

from __future__ import annotations

import colorsys
import io
import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from deploy.demo.catalogue import Figure

SIZE = (900, 1200)
SKINS = ("#f0c9a8", "#e2b28c", "#d29d76", "#f4d5bb")
Colour = tuple[int, int, int]


def _colour(hue: int, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb((hue % 360) / 360, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _wall(hue: int) -> Image.Image:
    """A wall, lit from the upper left."""
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    light = np.exp(-(((x / SIZE[0] - 0.3) / 0.55) ** 2 + ((y / SIZE[1] - 0.28) / 0.6) ** 2))[..., None]
    dark, bright = np.array(_colour(hue + 12, 0.6, 0.2)), np.array(_colour(hue, 0.42, 0.74))
    return Image.fromarray((dark + (bright - dark) * light).astype(np.uint8))


class _Bust:
    """Draws in layers, each with a soft shadow on those below."""

    def __init__(self, figure: Figure) -> None:
        self.picture = _wall(figure.shade)

    def cut(self, colour: str | Colour, *shapes: tuple[str, tuple[float, ...]]) -> None:
        """Lay down shapes of one colour: ("ellipse" | "pie" | "round", box in hundredths of the width)."""
        mask = Image.new("L", SIZE, 0)
        draw = ImageDraw.Draw(mask)
        for kind, numbers in shapes:
            left, top, right, bottom = (n * SIZE[0] / 100 for n in numbers[:4])
            if kind == "pie":
                draw.pieslice((left, top, right, bottom), numbers[4], numbers[5], fill=255)
            elif kind == "round":
                draw.rounded_rectangle((left, top, right, bottom), numbers[4] * SIZE[0] / 100, fill=255)
            else:
                draw.ellipse((left, top, right, bottom), fill=255)
        mask = mask.filter(ImageFilter.GaussianBlur(1.2))
        shadow = Image.new("L", SIZE, 0)
        shadow.paste(mask.point([v // 3 for v in range(256)]), (10, 16))
        self.picture.paste((8, 8, 16), (0, 0), shadow.filter(ImageFilter.GaussianBlur(18)))
        self.picture.paste(colour, (0, 0), mask)


HAIR: dict[str, tuple[tuple[str, tuple[float, ...]], ...]] = {
    "short": (("pie", (31, 26, 69, 72, 180, 360)), ("round", (31, 42, 37, 56, 3)), ("round", (63, 42, 69, 56, 3))),
    "grey": (("pie", (31, 27, 69, 70, 185, 355)), ("round", (31, 44, 36, 58, 3)), ("round", (64, 44, 69, 58, 3))),
    "curly": tuple(
        ("ellipse", (28.0 + n * 5.2, 24 + abs(n - 3) * 2.6, 42.0 + n * 5.2, 40 + abs(n - 3) * 2.6)) for n in range(7)
    ),
    "long": (("pie", (29, 24, 71, 76, 180, 360)),),
    "bun": (("pie", (30, 25, 70, 72, 180, 360)),),
    "bob": (("pie", (28, 25, 72, 76, 180, 360)), ("round", (28, 46, 37, 72, 4)), ("round", (63, 46, 72, 72, 4))),
    "cap": (("pie", (30, 23, 70, 70, 180, 360)), ("round", (28, 43, 78, 49, 3))),
}  # fmt: skip
BEHIND: dict[str, tuple[tuple[str, tuple[float, ...]], ...]] = {
    "long": (("round", (28, 30, 72, 104, 18)),),
    "bun": (("ellipse", (40, 14, 60, 34)),),
}


def portrait(name: str, figure: Figure) -> bytes:
    """A JPEG of 3:4."""
    rng = random.Random(name)
    bust, skin = _Bust(figure), rng.choice(SKINS)
    hair: str | Colour = rng.choice(("#1d1a1e", "#2a1f1b", "#141518"))
    if figure.hair in {"grey", "cap"}:
        hair = "#c9c6c2" if figure.hair == "grey" else _colour(figure.shade + 190, 0.5, 0.35)
    cloth = _colour(figure.shade + rng.choice((150, 180, 210)), 0.45, rng.uniform(0.32, 0.72))
    if behind := BEHIND.get(figure.hair):
        bust.cut(hair, *behind)
    bust.cut(cloth, ("ellipse", (8, 96, 92, 190)))
    bust.cut(skin, ("round", (43, 66, 57, 102, 6)))
    if rng.random() < 0.5:
        bust.cut(_colour(figure.shade + 30, 0.12, 0.93), ("pie", (38, 86, 62, 112, 0, 180)))
        bust.cut(skin, ("pie", (41, 84, 59, 104, 0, 180)))
    bust.cut(skin, ("ellipse", (33, 32, 67, 80)))
    bust.cut(hair, *HAIR[figure.hair])
    if figure.glasses:
        for box in ((36, 51, 48, 60), (52, 51, 64, 60)):
            bust.cut("#20242c", ("ellipse", box))
            bust.cut("#eef2f6", ("ellipse", (box[0] + 0.9, box[1] + 0.9, box[2] - 0.9, box[3] - 0.9)))
        bust.cut("#20242c", ("round", (47.6, 54.4, 52.4, 55.6, 0.5)))
    grain = np.random.default_rng(rng.randrange(2**32)).normal(0, 3.2, (SIZE[1], SIZE[0], 1))
    out = io.BytesIO()
    pixels = np.clip(np.asarray(bust.picture).astype(np.float32) + grain, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(out, "JPEG", quality=90)
    return out.getvalue()
