"""Requests that read from replicas, and the cookie by which a viewer always sees what they wrote."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from utils.replicas.positions import Position, latest, parse, to_text, written
from utils.replicas.routing import reading

if TYPE_CHECKING:
    from utils.mariadb.base import DatabaseWrapper

COOKIE = "position"
PRIMARY = "primary"  # the cookie's value when the position is unknown
SAFE = {"GET", "HEAD", "OPTIONS"}

logger = logging.getLogger(__name__)


class PositionMiddleware:
    """Has pages read from replicas that have what their viewer wrote; everything that changes data, from the primary.

    The position of a request's writes travels in a signed cookie. It expires when every replica that is in use has
    applied them: one that lags more than REPLICA_MAX_LAG isn't used. The admin always reads from the primary.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        primary = cast("DatabaseWrapper", connections[DEFAULT_DB_ALIAS])
        primary.has_written = False
        wanted = self._wanted(request)
        if request.method in SAFE and wanted is not None and not request.path.startswith(reverse("admin:index")):
            with reading(wanted):
                response = self.get_response(request)
        else:
            response = self.get_response(request)
        if primary.has_written:
            self._remember(response, wanted)
        return response

    def _wanted(self, request: HttpRequest) -> Position | None:
        """What the viewer wrote; None if that is unknown."""
        try:
            value = request.get_signed_cookie(COOKIE, default="", max_age=lifetime()) or ""
            return None if value == PRIMARY else parse(value)
        except ValueError:
            return {}

    def _remember(self, response: HttpResponse, wanted: Position | None) -> None:
        try:
            value = to_text(latest(written(), wanted or {})) or PRIMARY  # no position: the binary log is off
        except (DatabaseError, ValueError) as error:
            logger.warning("The position of a write is unknown: %s", error)
            value = PRIMARY
        response.set_signed_cookie(
            COOKIE, value, max_age=lifetime(), httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )


def lifetime() -> int:
    """Seconds after which every replica in use has applied a write: twice the permitted lag, at least a minute."""
    return max(60, 2 * settings.REPLICA_MAX_LAG // 1000)
