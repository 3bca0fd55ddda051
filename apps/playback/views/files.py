"""Stored files, served to anyone with a valid token."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import PurePosixPath
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, parse_http_date_safe
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from utils.cdn import PULL_HEADER, is_pull
from utils.ranges import (
    MultipartRanges,
    Piece,
    Range,
    RangeNotSatisfiable,
    byte_ranges,
    describe_pieces,
    read_pieces,
)
from utils.signing import Verdict, verify
from utils.storages import is_unavailable, private, videos
from utils.storages.front import Findable, Found

CACHED = "private, max-age=86400, immutable"  # names are never reused; private to the token's holder
PULLED = "public, max-age=86400, immutable"  # by the CDN, which verifies the URLs it hands them out under
UNCACHED = "private, no-store"
NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
# As in deploy/nginx/site.conf; other types are served as plain bytes.
KINDS = {
    ".mp4": "video/mp4", ".m4s": "video/mp4", ".m4a": "audio/mp4", ".vtt": "text/vtt",
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".png": "image/png",
}  # fmt: skip
# For scripts of the site that read what the CDN has; a URL there is as good as a token here.
SHARED = {"Access-Control-Allow-Origin": "*"}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD", "Access-Control-Allow-Headers": "Range",
    "Access-Control-Max-Age": "86400",
}  # fmt: skip
# An environment variable, not a header, so that only the embedded proxy, which sends the files, can set it.
SENDS_FILES = "SENDS_FILES"


# User uploads of any type: never rendered as a page of this site. As in nginx's configuration.
DOWNLOADED = {
    "Cache-Control": UNCACHED,  # names may be reused
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


@csrf_exempt  # other methods get 405, as from nginx
def video_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Serve the file `name`: 403 for an invalid token, 410 for an expired one; ranges and conditions (RFC 9110).

    The embedded proxy sends the bytes (X-Send-File); in the full stack nginx serves files without this view.
    A CDN gets them without a token (utils/cdn.py), and what it answers to scripts of the site.
    """
    if not _is_pulled(request):
        return _video_file(request, name, {"Cache-Control": CACHED})
    if request.method == "OPTIONS":
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=SHARED | PREFLIGHT)
    return _video_file(request, name, {"Cache-Control": PULLED} | SHARED)


@require_safe
def _video_file(request: HttpRequest, name: str, rules: dict[str, str]) -> HttpResponseBase:
    return _file(request, videos(), name, KINDS, rules)


@csrf_exempt
@require_safe
def material_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Serve course material as a download to the token's holder."""
    return _file(request, private(), f"materials/{name}", {}, DOWNLOADED)


def _file(
    request: HttpRequest, storage: Findable, name: str, kinds: dict[str, str], rules: dict[str, str]
) -> HttpResponseBase:
    """Serve a stored file with the headers `rules`; `kinds` maps suffixes to content types."""
    verdict = verify(
        f"{settings.VIDEO_URL}{name}", request.GET.get("st", ""), request.GET.get("ts", ""), now=time.time()
    )
    if verdict is not Verdict.VALID and not _is_pulled(request):
        return _refused(HTTPStatus.FORBIDDEN if verdict is Verdict.FORGED else HTTPStatus.GONE)
    try:
        found = storage.find(name)
    except (ValueError, SuspiciousFileOperation):  # ValueError: a zero byte in the name
        return _refused(HTTPStatus.NOT_FOUND)
    except OSError as error:
        if is_unavailable(error):
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, **{"Retry-After": "5"})
        if error.errno not in NOT_THERE:
            raise
        return _refused(HTTPStatus.NOT_FOUND)
    size, changed = found.size, found.changed
    headers = {
        "ETag": f'"{changed:x}-{size:x}"',  # in nginx's format, so that either server can revalidate it
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
    kind = kinds.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")
    return _sent(request, storage, name, found, ranges, kind, headers)


def _is_pulled(request: HttpRequest) -> bool:
    return is_pull(request.headers.get(PULL_HEADER, ""))


def _refused(status: int, **headers: str) -> HttpResponse:
    return HttpResponse(status=status, headers={"Cache-Control": UNCACHED, **headers})


def _applies(request: HttpRequest, etag: str, changed: int) -> bool:
    """Whether the Range header applies: If-Range must match the current file."""
    known = request.headers.get("If-Range")
    return known is None or known == etag or parse_http_date_safe(known) == changed


def _sent(
    request: HttpRequest,
    storage: Findable,
    name: str,
    found: Found,
    ranges: list[Range],
    kind: str,
    headers: dict[str, str],
) -> HttpResponseBase:
    """A response whose body is sent by the proxy or by this thread; none for HEAD."""
    size = found.size
    headers = {**headers, "Accept-Ranges": "bytes", "Content-Length": str(size)}
    status = HTTPStatus.PARTIAL_CONTENT if ranges else HTTPStatus.OK
    first, last = ranges[0] if ranges else (0, size - 1)
    pieces: list[Piece] = [(b"", (first, last))]
    if len(ranges) > 1:
        several = MultipartRanges(ranges, size=size, kind=kind)
        kind, headers["Content-Length"], pieces = several.content_type, str(several.length), several.pieces
    elif ranges:
        headers |= {"Content-Range": f"bytes {first}-{last}/{size}", "Content-Length": str(last - first + 1)}
    if request.method == "HEAD":
        return HttpResponse(status=status, content_type=kind, headers=headers)
    if found.path and SENDS_FILES in request.META:
        headers |= {"X-Send-File": quote(os.fsencode(found.path)), "X-Send-Pieces": describe_pieces(pieces)}
        return HttpResponse(status=status, content_type=kind, headers=headers)

    def body() -> Iterator[bytes]:
        with storage.open(name) as file:
            yield from read_pieces(pieces, file)

    return StreamingHttpResponse(body(), status=status, content_type=kind, headers=headers)
