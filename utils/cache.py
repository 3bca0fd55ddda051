"""What pages are kept by: one version for all of them, raised when what they show has changed."""

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
FRESH = 30  # seconds a kept page or fragment is shown before it is made anew

TRIES_EVERY = 0.5  # seconds
_starting, _catching_up = threading.Lock(), threading.Event()


def pages_version() -> str:
    """The version that kept pages and fragments must have to be shown."""
    return str(cache.get_or_set(VERSION, _new, None))


def page_variant(request: HttpRequest) -> str:
    """What cached pages and fragments of one address differ by: the viewer's language.

    And the release: pages of another one name other style sheets and scripts.
    """
    release = getattr(staticfiles_storage, "manifest_hash", "")
    return f"{release}:{get_language_from_request(request)}"


def invalidate_pages() -> None:
    """Make every kept page and fragment old, as soon as the current transaction commits (at once outside one)."""
    # After the commit: a page made in between would carry the new version and the old content.
    transaction.on_commit(_renew)


def _renewed() -> bool:
    """Set a new version; False without Redis."""
    kept: bool | None = cache.set(VERSION, _new(), None)  # type: ignore[func-returns-value]  # django-redis says
    return bool(kept)


def _renew() -> None:
    if not _renewed():
        # A server that only hung has its old pages when it is back.
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
    """Mark a page as one that may be kept for everyone who isn't signed in: see streamsite.page_cache.

    It must be the same for all of them: no token, and nothing of the viewer but the language.
    A page with a query is kept only if the view says that it is one of a few: of queries there is no end.
    """
    response.page_cacheable = query_is_known or not request.GET  # type: ignore[attr-defined]
    return response


def _new() -> str:
    return secrets.token_hex(8)
