"""Avatars: re-encoded, stripped and bounded; everything else is refused."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin

from apps.users.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def _picture(kind: str = "PNG", size: tuple[int, int] = (600, 400), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#3388cc").save(out, kind, **options)
    return out.getvalue()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _bomb(width: int, height: int) -> bytes:
    """A small PNG that claims to be huge."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000, 9)) + _chunk(b"IEND", b"")


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "hidden")
    return out.getvalue()


@pytest.fixture
def put(client, django_capture_on_commit_callbacks):
    client.force_login(make_user(username="lin"))

    def send(content: bytes, name: str = "me.png", kind: str = "image/png"):
        file = SimpleUploadedFile(name, content, content_type=kind)
        with django_capture_on_commit_callbacks(execute=True):
            return client.post("/user/userown/", {"form": "avatar", "avatar": file})

    return send


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_drawn_anew_as_a_small_square(put, kind):
    assert put(_picture(kind)).status_code == 302
    stored = Image.open(User.objects.get().avatar.open())
    assert (stored.format, stored.size) == ("JPEG", (256, 256))


def test_what_came_along_is_gone(put):
    exif = Image.Exif()
    exif[0x010E] = "home address"
    assert put(_picture("JPEG", exif=exif.tobytes()), "../../etc/me.php.jpg").status_code == 302
    note = PngImagePlugin.PngInfo()
    note.add_text("comment", "home address")
    user = User.objects.get()
    assert b"home address" not in user.avatar.open().read()
    assert put(_picture("PNG", pnginfo=note)).status_code == 302
    user = User.objects.get()
    content = user.avatar.open().read()
    assert b"home address" not in content
    assert b"Exif" not in content
    assert user.avatar.name.startswith("avatars/")
    assert user.avatar.name.endswith(".jpg")


def test_the_picture_before_is_removed(put):
    put(_picture())
    first = User.objects.get().avatar.name
    put(_picture())
    second = User.objects.get().avatar.name
    assert not default_storage.exists(first)
    assert default_storage.exists(second)


def test_a_turned_phone_picture_stands_upright(put):
    picture = Image.new("RGB", (200, 200), "white")
    picture.paste("red", (0, 0, 200, 100))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif.tobytes())
    put(out.getvalue())
    stored = Image.open(User.objects.get().avatar.open())
    assert stored.getchannel("G").getpixel((128, 20)) > 200  # type: ignore[operator]  # white is on top now


REFUSED = {
    "nothing": b"",
    "words": b"not a picture",
    "svg": SVG,
    "xml_svg": b'<?xml version="1.0"?>' + SVG,
    "gif": _picture("GIF"),
    "bmp": _picture("BMP"),
    "tiff": _picture("TIFF"),
    "ico": _picture("ICO", (64, 64)),
    "pdf": _picture("PDF"),
    "eps": _picture("EPS"),
    "half_png": _picture()[:200],
    "half_jpeg": _picture("JPEG")[:300],
    "bomb": _bomb(50_000, 50_000),
    "wide_bomb": _bomb(8001, 10),
    "square_bomb": _bomb(7000, 7000),
    "png_with_svg": _picture() + SVG,
    "jpeg_with_php": _picture("JPEG") + b"<?php system($_GET[0]); ?>",
    "png_with_zip": _picture() + _zip(),
    "jpeg_in_pdf": b"%PDF-1.7\n" + _picture("JPEG"),
    "jpeg_with_html": _picture("JPEG") + b"<!DOCTYPE html><ScRipt>1</script>",
    "signature_only": b"\x89PNG\r\n\x1a\n",
    "gif_in_script": b"GIF89a/*" + SVG,
    "zeroes": b"\xff\xd8\xff" + b"\0" * 5000,
    "too_large": _picture() + b"\0" * 5 * 1024 * 1024,
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_anything_else_is_refused_and_the_old_picture_stays(put, content):
    put(_picture())
    before = User.objects.get().avatar.name
    answer = put(content)
    assert answer.status_code == 400
    assert answer.context["msg"]
    assert answer.context["forms"]["avatar"].errors
    assert User.objects.get().avatar.name == before
    assert default_storage.exists(before)


def test_no_file_is_said(client):
    client.force_login(make_user())
    answer = client.post("/user/userown/", {"form": "avatar"})
    assert answer.status_code == 400
    assert answer.context["forms"]["avatar"].errors


def test_the_picture_can_be_removed(put, client, django_capture_on_commit_callbacks):
    put(_picture())
    name = User.objects.get().avatar.name
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post("/user/userown/", {"form": "remove_avatar"}).status_code == 302
    assert not User.objects.get().avatar
    assert not default_storage.exists(name)
