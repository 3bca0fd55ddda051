"""Page cache invalidation: one version for all cached pages and fragments, renewed when content changes."""

from __future__ import annotations

import secrets
import threading
import time

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language_from_request
from redis.exceptions import RedisError

from utils import page_version
from utils.replicas import positions

VERSION = "pages:version"
FRESH = 30  # seconds that a cached page or fragment is fresh
IN_NGINX = 10  # seconds that nginx serves a page before it asks again

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


def _renewed(position: positions.Position) -> bool:
    """Set a new version; False if Redis is unreachable.

    Pages of the new version are read from replicas that have applied everything up to `position`.
    """
    try:
        positions.share(position)  # before the version, so that nobody sees only that
    except (RedisError, OSError):
        return False
    kept: bool | None = cache.set(VERSION, _new(), None)  # type: ignore[func-returns-value]  # django-redis says
    return bool(kept)


def _renew() -> None:
    position = _position()
    kept = _renewed(position)
    page_version.renew()  # after Redis, whose pages nginx reads next
    if not kept:
        # a Redis that only hung still has old pages when it is back, so keep trying
        with _starting:
            if _catching_up.is_set():
                return
            _catching_up.set()
        threading.Thread(target=_catch_up, args=[position], daemon=True, name="renew-pages").start()


def _position() -> positions.Position:
    if not settings.DATABASE_ROUTERS:  # no replicas
        return positions.NOWHERE
    try:
        return positions.written()
    except DatabaseError:  # the primary died after the commit: replicas may be behind by REPLICA_MAX_LAG
        return positions.NOWHERE


def _catch_up(position: positions.Position) -> None:
    while not _renewed(position):
        time.sleep(TRIES_EVERY)
    page_version.renew()
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
