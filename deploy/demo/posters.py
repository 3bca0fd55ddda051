"""Posters and backdrops: a scene, and on a poster the title set in Noto Serif."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pylopdf_fonts_zh_cn
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from deploy.demo.catalogue import Title
from deploy.demo.scenery import SCENES
from deploy.demo.scenery.canvas import finish

POSTER = (800, 1200)  # pixels
BACKDROP = (1600, 900)
MARGIN = 0.075  # of the width

LATIN_LINE = 34  # letters; a longer original title would be too small to read

ROLE = {"director": "导演", "teacher": "主讲", "host": "主持"}


def font(size: float, *, serif: bool = True) -> ImageFont.FreeTypeFont:
    path: Path = pylopdf_fonts_zh_cn.serif_path() if serif else pylopdf_fonts_zh_cn.sans_path()
    return ImageFont.truetype(str(path), max(6, round(size)))


class Lettering:
    """A mask the words are drawn on, with its soft shadow."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.mask = Image.new("L", size, 0)
        self.draw = ImageDraw.Draw(self.mask)

    def line(
        self,
        text: str,
        middle: float,
        top: float,
        size: float,
        *,
        space: float = 0.0,
        weight: float = 0.0,
        fill: int = 255,
        serif: bool = True,
    ) -> float:
        """One line about `middle`; `space` between letters in ems. Returns its foot, in pixels."""
        face = font(size, serif=serif)
        widths = [face.getlength(letter) for letter in text]
        total = sum(widths) + space * size * (len(text) - 1)
        left = middle - total / 2
        for letter, width in zip(text, widths, strict=True):
            self.draw.text((left, top), letter, font=face, fill=fill, stroke_width=weight, stroke_fill=fill)
            left += width + space * size
        return top + size * 1.12

    def column(
        self, text: str, left: float, top: float, size: float, *, weight: float = 0.0, space: float = 0.12
    ) -> float:
        """Top to bottom. Returns its foot."""
        face = font(size)
        for letter in text:
            self.draw.text((left, top), letter, font=face, fill=255, stroke_width=weight, stroke_fill=255, anchor="mt")
            top += size * (1 + space)
        return top

    def on(self, picture: Image.Image, ink: str) -> Image.Image:
        dark = sum(Image.new("RGB", (1, 1), ink).getpixel((0, 0))) > 380  # type: ignore[arg-type]
        if dark:
            soft = self.mask.filter(ImageFilter.GaussianBlur(self.size[1] / 90))
            soft = ImageChops.add(soft, self.mask.filter(ImageFilter.GaussianBlur(self.size[1] / 400)))
            picture.paste((4, 5, 10), (0, 0), soft.point([int(v * 0.55) for v in range(256)]))
        picture.paste(Image.new("RGB", self.size, ink), (0, 0), self.mask)
        return picture


def shade(picture: Image.Image, layout: str) -> Image.Image:
    """Darken where the words will stand."""
    height = picture.height
    y = np.linspace(0, 1, height)
    fall = np.clip((y - 0.5) / 0.5, 0, 1) ** 1.3 * 0.72 if layout == "foot" else np.clip((y - 0.72) / 0.28, 0, 1) * 0.5
    if layout == "top":
        fall = np.maximum(fall, np.clip((0.55 - y) / 0.4, 0, 1) * 0.55)
    mask = Image.fromarray((np.repeat(fall[:, None], picture.width, 1) * 255).astype(np.uint8))
    picture.paste((3, 4, 9), (0, 0), mask)
    return picture


def letter(picture: Image.Image, title: Title) -> Image.Image:
    """Set the title on the poster, as its layout says."""
    if title.layout in ("side", "left"):
        return _down_the_side(picture, title)
    return _across(picture, title) if title.layout == "wide" else _in_lines(picture, title)


def _down_the_side(picture: Image.Image, title: Title) -> Image.Image:
    """In columns, as old books are printed, with a seal below."""
    width, height = picture.size
    words = Lettering(picture.size)
    role = next(((ROLE[role], name) for role, name, _ in title.people if role in ROLE), None)
    credit = f"{role[0]} {role[1]}" if role else ""
    size = width * 0.138
    at, beside = (0.82, 0.69) if title.layout == "side" else (0.17, 0.295)
    foot = words.column(title.title, width * at, height * 0.115, size, weight=size / 40)
    words.column("".join(credit.split()), width * beside, height * 0.125, width * 0.042, space=0.26)
    picture = words.on(picture, title.ink)
    seal(picture, (width * at, foot + width * 0.03), width * 0.07, title.look.get("seal", "#b5301f"))
    return picture


def _across(picture: Image.Image, title: Title) -> Image.Image:
    """In one widely set line, its original title below."""
    width, height = picture.size
    words = Lettering(picture.size)
    latin = title.original.upper()
    picture = shade(picture, "foot")
    size = width * (0.118 if len(title.title) < 5 else 0.1)
    foot = words.line(title.title, width / 2, height * 0.7, size, space=0.42, weight=size / 70)
    latin_size = width * (0.036 if len(latin) < 20 else 0.032)
    words.line(latin, width / 2, foot + width * 0.03, latin_size, space=0.3, fill=235, serif=False)
    return words.on(picture, title.ink)


def _in_lines(picture: Image.Image, title: Title) -> Image.Image:
    """In lines as large as they fit, the first of two the larger; its original title below."""
    width, height = picture.size
    words = Lettering(picture.size)
    latin = title.original.upper()
    lines = title.lines or (title.title,)
    longest = max(len(line) for line in lines)
    size = min(width * 0.19, width * (1 - 2 * MARGIN) / (longest * 1.08))
    head = min(width * 0.19, width * (1 - 2 * MARGIN) / (len(lines[0]) * 1.08)) if len(lines) == 2 else size
    sizes = [
        head if index == 0 and len(lines) == 2 else min(size, head * 0.62 if len(lines) == 2 else size)
        for index in range(len(lines))
    ]
    tall = sum(sizes) * 1.22
    plain = title.ink == "#16181d"
    if plain:
        picture.paste(title.look["colours"].split()[0], (0, 0, width, int(height * 0.5)))
    else:
        picture = shade(picture, title.layout)
    top = height * (0.13 if title.layout == "top" else 0.81) - (0 if title.layout == "top" else tall)
    for text, one in zip(lines, sizes, strict=True):
        words.line(text, width / 2, top, one, space=0.06, weight=one / 44)
        top += one * 1.22
    small = width * (0.036 if len(latin) < 26 else 0.03)
    if len(latin) <= LATIN_LINE:
        words.line(
            latin,
            width / 2,
            top + width * 0.022,
            small,
            space=0.16 if len(latin) >= 26 else 0.22,
            fill=235,
            serif=False,
        )
    return words.on(picture, title.ink)


def seal(picture: Image.Image, middle: tuple[float, float], size: float, paint: str) -> None:
    """A red stamp with one white character."""
    draw = ImageDraw.Draw(picture)
    x, y = middle
    draw.rounded_rectangle((x - size / 2, y, x + size / 2, y + size), size * 0.12, fill=paint)
    draw.text(
        (x, y + size / 2),
        "映",
        font=font(size * 0.72),
        fill="#f7efe0",
        anchor="mm",
        stroke_width=1,
        stroke_fill="#f7efe0",
    )


def paint(title: Title, size: tuple[int, int]) -> Image.Image:
    """The title's scene without words."""
    scene = SCENES[title.scene](*size, title.look, title.seed)
    return Image.fromarray(finish(scene.frame(title.moment), title.seed))


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92, subsampling=0)
    return out.getvalue()


def poster(title: Title, *, scale: float = 1.0) -> bytes:
    """A JPEG of 2:3 with the title on it."""
    return _jpeg(letter(paint(title, (round(POSTER[0] * scale), round(POSTER[1] * scale))), title))


def backdrop(title: Title, *, scale: float = 1.0) -> bytes:
    """A JPEG of 16:9 without words."""
    return _jpeg(paint(title, (round(BACKDROP[0] * scale), round(BACKDROP[1] * scale))))
