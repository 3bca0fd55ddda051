"""Whole pages for viewers who aren't signed in, kept in the cache for a short time."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from utils.cache import FRESH, VERSION, page_variant, pages_version

STALE = 300  # seconds past its freshness that a page is shown while one request renews it
RENEWED_WITHIN = 10  # seconds; then another request may try
LONGEST = 200  # characters of an address whose page is kept
OWN = {"content-length", "content-encoding"}  # headers of one answer, not of the page


class Page(NamedTuple):
    """An answer with its body gzipped; `fresh_until` is in seconds since 1970."""

    version: str
    fresh_until: float
    headers: dict[str, str]
    body: bytes


class PageCacheMiddleware:
    """Answers from the cache what a view marked with `utils.cache.allow_page_cache`; stands before the session.

    A page grown old is still shown while one request renews it. One whose version is past never is:
    what was taken off the shelf is gone with the next request.
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
                return answer(request, page)
        response = self.get_response(request)  # the version was read before: a change meanwhile makes this page old
        if response.status_code == 200 and getattr(response, "page_cacheable", False) and not response.cookies:
            cache.set(key, keep(response, version), FRESH + STALE)
        return response


def page_key(request: HttpRequest) -> str:
    """Where the page lies, by language and by htmx or not; "" for a request that gets a page of its own.

    Raises DisallowedHost: a kept page is no answer to a name that isn't the site's either.
    """
    request.get_host()
    address = request.get_full_path()
    # Pages end with a slash, files and playlists don't.
    if request.method != "GET" or not request.path.endswith("/") or len(address) > LONGEST:
        return ""
    if settings.SESSION_COOKIE_NAME in request.COOKIES or CookieStorage.cookie_name in request.COOKIES:
        return ""
    part = "part" if request.headers.get("HX-Request") else "whole"
    return f"page:{page_variant(request)}:{part}:{address}"


def keep(response: HttpResponse, version: str) -> Page:
    """The answer as it is kept."""
    packed = response.get("Content-Encoding") == "gzip"
    body = response.content if packed else gzip.compress(response.content, 6)
    headers = {name: value for name, value in response.items() if name.lower() not in OWN}
    return Page(version, time.time() + FRESH, headers, body)


def answer(request: HttpRequest, page: Page) -> HttpResponse:
    """A kept page as this browser takes it."""
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(page.body if packed else gzip.decompress(page.body), headers=page.headers)
    if packed:
        response["Content-Encoding"] = "gzip"
    response["Content-Length"] = str(len(response.content))
    patch_vary_headers(response, ("Accept-Encoding", "Accept-Language", "Cookie"))
    return response
