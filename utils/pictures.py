"""Pictures for the web: four widths in AVIF and JPEG, generated once, never per request."""

from __future__ import annotations

import io
import secrets
from typing import IO, Any, NotRequired, TypedDict

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models
from PIL import Image, ImageOps

FORMATS = ("avif", "jpg")
QUALITY: dict[str, dict[str, Any]] = {
    "avif": {"format": "AVIF", "quality": 55, "speed": 9},
    "jpg": {"format": "JPEG", "quality": 80, "optimize": True, "progressive": True},
}
POSTER_WIDTHS, POSTER_RATIO = (180, 270, 400, 600), 2 / 3
PORTRAIT_WIDTHS, PORTRAIT_RATIO = (90, 180, 300, 600), 3 / 4
BACKDROP_WIDTHS, BACKDROP_RATIO = (400, 800, 1280, 1600), 16 / 9
LARGEST = 60_000_000  # pixels; larger sources are rejected
# Accepted source formats. Pillow supports more, but EPS, for one, runs Ghostscript.
KINDS = ["AVIF", "BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"]


class PictureSet(TypedDict):
    """Files `<base>-<width>.<format>` in the public storage."""

    base: str
    color: str  # "#rrggbb", shown until the picture is there
    widths: list[int]
    ratio: float  # width / height
    source: NotRequired[str]  # storage name of the source picture


class PictureSetField(models.JSONField):
    """A PictureSet, {} for none. Its files belong to the row, like those of a FileField."""


class UnusablePicture(Exception):
    """The file is not a readable picture."""


def is_taken(picture: Image.Image) -> bool:
    """Whether an opened picture has an accepted format."""
    return picture.format in {*KINDS, "MPO"}  # multi-picture JPEGs from phones


def make_set(source: IO[bytes], *, name: str, folder: str, widths: tuple[int, ...], ratio: float) -> PictureSet:
    """Cut `source`, which is stored as `name`, to `ratio` around its center and store it in all widths and formats.

    Raises UnusablePicture. The names are random: a stored name is never used twice.
    """
    try:
        with Image.open(source, formats=KINDS) as opened:
            if opened.width * opened.height > LARGEST:
                raise UnusablePicture(f"{opened.width} × {opened.height} pixels are too many")
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise UnusablePicture(str(error)) from error
    base = f"{folder}/{secrets.token_hex(8)}"
    mean = picture.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    red, green, blue = mean if isinstance(mean, tuple) else (0, 0, 0)
    made = []
    for width in widths:
        size = (width, round(width / ratio))
        small = ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
        for suffix in FORMATS:
            out = io.BytesIO()
            small.save(out, **QUALITY[suffix])
            default_storage.save(f"{base}-{width}.{suffix}", ContentFile(out.getvalue()))
        made.append(width)
    return {"base": base, "color": f"#{red:02x}{green:02x}{blue:02x}", "widths": made, "ratio": ratio, "source": name}


def files(picture: PictureSet | dict[str, Any]) -> list[str]:
    """The names of the set's files in the public storage."""
    return [f"{picture['base']}-{width}.{suffix}" for width in picture.get("widths", ()) for suffix in FORMATS]


def address(picture: PictureSet | dict[str, Any]) -> str:
    """The public URL prefix of the set's files: `<prefix>-<width>.<format>`."""
    return default_storage.url(picture["base"])


def url(picture: PictureSet, width: int, suffix: str) -> str:
    """The public URL of one file of the set."""
    return f"{address(picture)}-{width}.{suffix}"


def largest_url(picture: PictureSet | dict[str, Any]) -> str:
    """The URL of the widest JPEG, "" for an empty set."""
    return f"{address(picture)}-{picture['widths'][-1]}.jpg" if picture else ""
