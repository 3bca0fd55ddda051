"""Pictures of people: taken in with suspicion, drawn anew, stored without what came along."""

from __future__ import annotations

import io
import secrets
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.users.models import User

FORMATS = ["JPEG", "PNG", "WEBP"]  # nothing that draws by instructions
LARGEST_FILE = 5 * 1024 * 1024  # bytes
LARGEST_SIDE = 8000  # pixels
LARGEST_AREA = 40_000_000  # pixels
SIDE = 256  # pixels of what is stored
# A picture that is something else besides. Drawing it anew would remove that, but whoever sends it means no good.
SMUGGLED = (b"<script", b"<?php", b"<svg", b"<html", b"<!doctype html", b"javascript:")
PDF, ZIP_END = b"%pdf-", b"pk\x05\x06"
TAIL = 66_000  # bytes at the end in which a zip's directory ends (APPNOTE 4.3.16)


class UnusableAvatar(Exception):
    """The file is no picture that can be taken: too large, of another kind, broken or more than a picture."""


def put(*, user: User, source: IO[bytes], size: int) -> None:
    """Store the picture, cut to a square, as the user's. `size` is in bytes. Raises UnusableAvatar."""
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
    """Back to the initial."""
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
            # the header alone was read so far: a bomb is refused before it unfolds
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
