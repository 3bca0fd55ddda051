"""Page cache invalidation: one version for all cached pages and fragments, renewed when content changes."""

from __future__ import annotations

import secrets
import threading
import time

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language_from_request

VERSION = "pages:version"
FRESH = 30  # seconds that a cached page or fragment is fresh

TRIES_EVERY = 0.5  # seconds
_starting, _catching_up = threading.Lock(), threading.Event()


def pages_version() -> str:
    """The current version; cached pages and fragments of other versions are invalid."""
    return str(cache.get_or_set(VERSION, _new, None))


def page_variant(request: HttpRequest) -> str:
    """What cached pages and fragments of one address differ by: the viewer's language.

    And the release: pages of another one name other style sheets and scripts.
    """
    release = getattr(staticfiles_storage, "manifest_hash", "")
    return f"{release}:{get_language_from_request(request)}"


def invalidate_pages() -> None:
    """Invalidate all cached pages and fragments when the current transaction commits (immediately outside one)."""
    # after the commit: a page rendered in between would have the new version but old content
    transaction.on_commit(_renew)


def _renewed() -> bool:
    """Set a new version; False if Redis is unreachable."""
    kept: bool | None = cache.set(VERSION, _new(), None)  # type: ignore[func-returns-value]  # django-redis says
    return bool(kept)


def _renew() -> None:
    if not _renewed():
        # a Redis that only hung still has old pages when it is back, so keep trying
        with _starting:
            if _catching_up.is_set():
                return
            _catching_up.set()
        threading.Thread(target=_catch_up, daemon=True, name="renew-pages").start()


def _catch_up() -> None:
    while not _renewed():
        time.sleep(TRIES_EVERY)
    _catching_up.clear()


def allow_page_cache(request: HttpRequest, response: HttpResponse, *, query_is_known: bool = False) -> HttpResponse:
    """Mark a response as cacheable for all anonymous visitors: see streamsite.page_cache.

    It must be the same for all of them: no CSRF token, and nothing that depends on the viewer but the language.
    A page with a query string is cached only with `query_is_known`, since the number of query strings is unlimited.
    """
    response.page_cacheable = query_is_known or not request.GET  # type: ignore[attr-defined]
    return response


def _new() -> str:
    return secrets.token_hex(8)
