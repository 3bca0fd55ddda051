"""Stored files, for who holds their token."""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import Storage
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, parse_http_date_safe
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from utils.ranges import MultipartRanges, RangeNotSatisfiable, byte_ranges, piece
from utils.signing import Verdict, verify
from utils.storages import private, videos

try:
    import uwsgi
except ImportError:  # another server: Django sends the file itself
    uwsgi = None

CACHED = "private, max-age=86400, immutable"  # a name is never given to other content; for who had its token only
UNCACHED = "private, no-store"
NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
OWN_CONDITIONS = {"If-Range", "If-Modified-Since"}
# As nginx is told (deploy/nginx/site.conf); anything else is no page of this site.
KINDS = {
    ".mp4": "video/mp4", ".m4s": "video/mp4", ".m4a": "audio/mp4", ".vtt": "text/vtt",
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".png": "image/png",
}  # fmt: skip
_TO_THE_END = re.compile(r"bytes=(?!0+-)\d{1,18}-", re.ASCII)


# Uploaded by people, of any type: never a page of this site, whatever a browser makes of it. As nginx is told, too.
DOWNLOADED = {
    "Cache-Control": UNCACHED,  # a name may be given to other content
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


@csrf_exempt  # other methods are told so, as by nginx
@require_safe
def video_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """The file called `name`: 403 for a wrong token, 410 for one that has expired; ranges and conditions (RFC 9110).

    Under uWSGI the offload threads send what they can (X-Sendfile); in the real stack nginx never asks here.
    """
    return _file(request, videos(), name, KINDS, {"Cache-Control": CACHED})


@csrf_exempt
@require_safe
def material_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Course material as a download, for the holder of its token."""
    return _file(request, private(), f"materials/{name}", {}, DOWNLOADED)


def _file(
    request: HttpRequest, storage: Storage, name: str, kinds: dict[str, str], rules: dict[str, str]
) -> HttpResponseBase:
    """A stored file with the headers `rules`; `kinds` are the types by suffix, of others it is only bytes."""
    verdict = verify(
        f"{settings.VIDEO_URL}{name}", request.GET.get("st", ""), request.GET.get("ts", ""), now=time.time()
    )
    if verdict is not Verdict.VALID:
        return _refused(HTTPStatus.FORBIDDEN if verdict is Verdict.FORGED else HTTPStatus.GONE)
    try:
        path = Path(storage.path(name))
        about = path.stat()
    except (ValueError, SuspiciousFileOperation):  # ValueError: a zero byte in its name
        return _refused(HTTPStatus.NOT_FOUND)
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise
        return _refused(HTTPStatus.NOT_FOUND)
    if name.endswith("/") or not stat.S_ISREG(about.st_mode):
        return _refused(HTTPStatus.NOT_FOUND)
    size, changed = about.st_size, int(about.st_mtime)
    headers = {
        "ETag": f'"{changed:x}-{size:x}"',  # as nginx makes it: it holds whichever server answers next
        "Last-Modified": http_date(changed),
        **rules,
        "X-Content-Type-Options": "nosniff",
    }
    unchanged = get_conditional_response(request, etag=headers["ETag"], last_modified=changed)
    if unchanged is not None:
        for field, value in headers.items():
            unchanged[field] = value
        return unchanged
    asked = request.headers.get("Range", "") if _applies(request, headers["ETag"], changed) else ""
    try:
        ranges = byte_ranges(asked, size)
    except RangeNotSatisfiable:
        return _refused(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, **{"Content-Range": f"bytes */{size}"})
    kind = kinds.get(path.suffix.lower(), "application/octet-stream")
    plain = path.suffix in kinds and _plain(request) and (ranges or not request.headers.get("Range"))
    if uwsgi is not None and plain:
        # Django would wrap a name beyond Latin-1 in RFC 2047 words; the server wants its bytes
        sent = os.fsencode(path).decode("latin-1")
        return HttpResponse(content_type=kind, headers={**headers, "X-Sendfile": sent})
    return _streamed(path, ranges, size, kind, headers, told_only=request.method == "HEAD")


def _refused(status: int, **headers: str) -> HttpResponse:
    return HttpResponse(status=status, headers={"Cache-Control": UNCACHED, **headers})


def _applies(request: HttpRequest, etag: str, changed: int) -> bool:
    """Whether the Range header counts: what the client has a part of must be what is there (If-Range)."""
    known = request.headers.get("If-Range")
    return known is None or known == etag or parse_http_date_safe(known) == changed


def _plain(request: HttpRequest) -> bool:
    """Whether uWSGI understands the request as it was answered here.

    Its offload threads send up to the end of the file whatever a range says, and what follows on that connection is
    lost in it. It answers 200 to "bytes=0-", hangs on a suffix longer than the file, knows no several ranges and no
    If-Range with an entity tag, and looks at If-Modified-Since by itself.
    """
    asked = request.headers.get("Range")
    return (asked is None or bool(_TO_THE_END.fullmatch(asked))) and not OWN_CONDITIONS & set(request.headers)


def _streamed(
    path: Path, ranges: list[tuple[int, int]], size: int, kind: str, headers: dict[str, str], *, told_only: bool
) -> StreamingHttpResponse:
    """The bytes from this thread, in pieces; none of them if they are `told_only`."""
    headers = {**headers, "Accept-Ranges": "bytes", "Content-Length": str(size)}
    status = HTTPStatus.PARTIAL_CONTENT if ranges else HTTPStatus.OK
    several = MultipartRanges(ranges, size=size, kind=kind) if len(ranges) > 1 else None
    part = ranges[0] if ranges else (0, size - 1)
    if several:
        kind, headers["Content-Length"] = several.content_type, str(several.length)
    elif ranges:
        headers |= {"Content-Range": f"bytes {part[0]}-{part[1]}/{size}", "Content-Length": str(part[1] - part[0] + 1)}

    def body() -> Iterator[bytes]:
        if told_only:
            return
        with path.open("rb") as file:
            yield from several.body(file) if several else piece(file, part)

    return StreamingHttpResponse(body(), status=status, content_type=kind, headers=headers)
