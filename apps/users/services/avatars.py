"""Avatars: validated, re-encoded, and stored without metadata or embedded content."""

from __future__ import annotations

import io
import secrets
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.users.models import User

FORMATS = ["JPEG", "PNG", "WEBP"]  # raster formats only
LARGEST_FILE = 5 * 1024 * 1024  # bytes
LARGEST_SIDE = 8000  # pixels
LARGEST_AREA = 40_000_000  # pixels
SIDE = 256  # pixels, stored size
# Polyglot files. Re-encoding would remove the payload, but such an upload is malicious and is rejected.
SMUGGLED = (b"<script", b"<?php", b"<svg", b"<html", b"<!doctype html", b"javascript:")
PDF, ZIP_END = b"%pdf-", b"pk\x05\x06"
TAIL = 66_000  # bytes at the end that can hold a zip's end-of-directory record (APPNOTE 4.3.16)


class UnusableAvatar(Exception):
    """The file is not an acceptable picture: too large, wrong format, corrupt or a polyglot."""


def put(*, user: User, source: IO[bytes], size: int) -> None:
    """Crop the picture to a square and store it as the user's avatar. `size` is in bytes. Raises UnusableAvatar."""
    if size > LARGEST_FILE:
        raise UnusableAvatar("too many bytes")
    content = source.read(LARGEST_FILE + 1)
    _refuse_polyglots(content)
    drawn = _draw(content)
    name = default_storage.save(f"avatars/{secrets.token_hex(16)}.jpg", ContentFile(drawn))
    before = user.avatar.name
    user.avatar = name
    user.save(update_fields=["avatar"])
    _discard(before)


def remove(*, user: User) -> None:
    """Remove the avatar; pages show the initial instead."""
    before = user.avatar.name
    user.avatar = ""
    user.save(update_fields=["avatar"])
    _discard(before)


def _discard(name: str | None) -> None:
    if name:
        transaction.on_commit(lambda: default_storage.delete(name))


def _refuse_polyglots(content: bytes) -> None:
    low = content.lower()
    if any(mark in low for mark in SMUGGLED) or PDF in low[:1024] or ZIP_END in low[-TAIL:]:
        raise UnusableAvatar("more than a picture")


def _draw(content: bytes) -> bytes:
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            # only the header was read so far: a decompression bomb is rejected before decoding
            if max(opened.size) > LARGEST_SIDE or opened.width * opened.height > LARGEST_AREA:
                raise UnusableAvatar("too many pixels")
            opened.draft("RGB", (SIDE * 2, SIDE * 2))
            picture = ImageOps.exif_transpose(opened).convert("RGBA")
    except UnidentifiedImageError as error:
        raise UnusableAvatar("not a picture") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnusableAvatar("a broken picture") from error
    square = ImageOps.fit(picture, (SIDE, SIDE), Image.Resampling.LANCZOS)
    ground = Image.new("RGBA", square.size, "white")
    out = io.BytesIO()
    Image.alpha_composite(ground, square).convert("RGB").save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()
