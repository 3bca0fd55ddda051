"""Pictures for the web: four widths in AVIF and JPEG, made once, never per request."""

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
BACKDROP_WIDTHS, BACKDROP_RATIO = (400, 800, 1280, 1600), 16 / 9
LARGEST = 60_000_000  # pixels of a source that is opened at all
# What a source may be. Pillow knows more: EPS is a program, which it hands to Ghostscript to be run.
KINDS = ["AVIF", "BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"]


class PictureSet(TypedDict):
    """Where a picture's files are: `<base>-<width>.<format>` in the public storage."""

    base: str
    color: str  # "#rrggbb", shown until the picture is there
    widths: list[int]
    ratio: float  # width / height
    source: NotRequired[str]  # the name of the stored picture it was made of


class PictureSetField(models.JSONField):
    """A PictureSet, {} for none. The files that it names are a row's, as a FileField's are."""


class UnusablePicture(Exception):
    """The file is no picture that can be opened."""


def is_taken(picture: Image.Image) -> bool:
    """Whether an opened picture is of a kind that a set is made of."""
    return picture.format in {*KINDS, "MPO"}  # what phones make of two JPEGs is opened as one of them


def make_set(source: IO[bytes], *, name: str, folder: str, widths: tuple[int, ...], ratio: float) -> PictureSet:
    """Cut `source`, which is stored as `name`, to `ratio` about its middle and store it in all widths and formats.

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
    """What the public addresses of the set's files begin with: `<address>-<width>.<format>`."""
    return default_storage.url(picture["base"])


def url(picture: PictureSet, width: int, suffix: str) -> str:
    """The public address of one file of the set."""
    return f"{address(picture)}-{width}.{suffix}"


def largest_url(picture: PictureSet | dict[str, Any]) -> str:
    """The address of the widest JPEG, "" for an empty set."""
    return f"{address(picture)}-{picture['widths'][-1]}.jpg" if picture else ""
