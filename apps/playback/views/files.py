"""Stored files, for who holds their token."""

from __future__ import annotations

import mimetypes
import os
import re
import time
from collections.abc import Iterator
from typing import IO

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from utils.signing import Verdict, verify
from utils.storages import videos

try:
    import uwsgi
except ImportError:  # another server: Django sends the file itself
    uwsgi = None

CHUNK = 256 * 1024  # bytes
_ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


class RangeNotSatisfiable(Exception):
    """The range lies outside the file."""


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """(first, last) of the range that a Range header asks of `size` bytes (RFC 9110 §14.1.2).

    None means the whole file: without a header, and for what isn't one range of bytes, which a
    server may ignore. Raises RangeNotSatisfiable.
    """
    found = _ONE_RANGE.fullmatch(header.replace(" ", ""))
    if not found or found.group(1) == found.group(2) == "":
        return None
    if not found.group(1):
        length = min(int(found.group(2)), size)
        if not length:
            raise RangeNotSatisfiable
        return size - length, size - 1
    first, last = int(found.group(1)), int(found.group(2) or size - 1)
    if first >= size:
        raise RangeNotSatisfiable
    return (first, min(last, size - 1)) if last >= first else None


@require_safe
def video_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """The file called `name`: 403 for a wrong token, 410 for one that has expired, 416 for a range past the end.

    Under uWSGI the offload threads send it (X-Sendfile); in the real stack nginx never asks here.
    """
    verdict = verify(
        f"{settings.VIDEO_URL}{name}", request.GET.get("st", ""), request.GET.get("ts", ""), now=time.time()
    )
    if verdict is not Verdict.VALID:
        return HttpResponse(
            status=403 if verdict is Verdict.FORGED else 410, headers={"Cache-Control": "private, no-store"}
        )
    storage = videos()
    try:
        size = storage.size(name)
    except (FileNotFoundError, SuspiciousFileOperation) as error:
        raise Http404 from error
    try:
        part = byte_range(request.headers.get("Range", ""), size)
    except RangeNotSatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
    if uwsgi is not None:
        # Django would wrap a name beyond Latin-1 in RFC 2047 words; the server wants its bytes
        path = os.fsencode(storage.path(name)).decode("latin-1")
        return HttpResponse(content_type=kind, headers={**headers, "X-Sendfile": path})
    headers["Accept-Ranges"] = "bytes"
    if part is None:
        return FileResponse(storage.open(name), content_type=kind, headers=headers)
    first, last = part
    headers |= {"Content-Range": f"bytes {first}-{last}/{size}", "Content-Length": str(last - first + 1)}
    return StreamingHttpResponse(
        _bytes(storage.open(name), first, last - first + 1), status=206, content_type=kind, headers=headers
    )


def _bytes(file: IO[bytes], first: int, left: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        while left and (chunk := file.read(min(left, CHUNK))):
            left -= len(chunk)
            yield chunk
