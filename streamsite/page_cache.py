"""A short-lived cache of whole pages for anonymous visitors (stale-while-revalidate)."""

from __future__ import annotations

import gzip
import hashlib
import time
from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import parse_http_date_safe

from utils.cache import FRESH, IN_NGINX, VERSION, page_variant, pages_version

STALE = 300  # seconds that a stale page is served while one request revalidates it
RENEWED_WITHIN = 10  # seconds until another request may revalidate
LONGEST = 200  # characters; pages with longer URLs aren't cached
REVALIDATED = "private, no-cache"
OWN = {"content-length", "content-encoding"}  # headers that are specific to one response


class Page(NamedTuple):
    """A response with a gzipped body; `fresh_until` is a Unix timestamp."""

    version: str
    fresh_until: float
    headers: dict[str, str]
    body: bytes


class PageCacheMiddleware:
    """Serves pages marked with `utils.cache.allow_page_cache` from the cache; runs before the session middleware.

    A stale page is served while one request revalidates it. A page of an earlier version never is, so an unpublished
    title disappears with the next request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = page_key(request)
        if not key:
            return self.get_response(request)
        found = cache.get_many([VERSION, key])
        version: str = found.get(VERSION) or pages_version()
        page: Page | None = found.get(key)
        if page and page.version == version:
            fresh = time.time() < page.fresh_until
            if fresh or not cache.add(f"{key}:renewing", 1, RENEWED_WITHIN):
                return to_response(request, page)
        response = self.get_response(request)  # version read first: a concurrent change invalidates this page
        if response.status_code != 200 or not getattr(response, "page_cacheable", False) or response.cookies:
            return response
        page = to_entry(response, version)
        cache.set(key, page, FRESH + STALE)
        return to_response(request, page)


def page_key(request: HttpRequest) -> str:
    """The cache key by URL, language and htmx; "" for requests that bypass the cache.

    Raises DisallowedHost, as the view itself would.
    """
    request.get_host()
    address = request.get_full_path()
    # page URLs end with a slash, those of files and playlists don't
    if request.method != "GET" or not request.path.endswith("/") or len(address) > LONGEST:
        return ""
    if settings.SESSION_COOKIE_NAME in request.COOKIES or CookieStorage.cookie_name in request.COOKIES:
        return ""
    part = "part" if request.headers.get("HX-Request") else "whole"
    return f"page:{page_variant(request)}:{part}:{address}"


def to_entry(response: HttpResponse, version: str) -> Page:
    """The cache entry for a response, which gets an ETag of its content.

    Browsers ask again each time, as a sign-in changes the page, and other caches keep nothing of it: their keys don't
    have the viewer's language and session.
    """
    packed = response.get("Content-Encoding") == "gzip"
    plain = gzip.decompress(response.content) if packed else response.content
    body = response.content if packed else gzip.compress(plain, 6)
    headers = {name: value for name, value in response.items() if name.lower() not in OWN}
    headers.setdefault("ETag", f'W/"{hashlib.blake2b(plain, digest_size=12).hexdigest()}"')
    headers.setdefault("Cache-Control", REVALIDATED)
    return Page(version, time.time() + FRESH, headers, body)


def to_response(request: HttpRequest, page: Page) -> HttpResponse:
    """The response for a cached page, gzipped if the browser accepts it; 304 if the browser has it (RFC 9110 §13)."""
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    if request.META.get("PAGE_CACHE") == "nginx":
        page.headers["X-Accel-Expires"] = str(IN_NGINX)  # the mark that it may be kept, for our nginx only
    response = HttpResponse(page.body if packed else gzip.decompress(page.body), headers=page.headers)
    if packed:
        response["Content-Encoding"] = "gzip"
    response["Content-Length"] = str(len(response.content))
    patch_vary_headers(response, ("Accept-Encoding", "Accept-Language", "Cookie"))
    changed = parse_http_date_safe(response.get("Last-Modified", ""))
    return get_conditional_response(request, response.get("ETag"), changed, response) or response
