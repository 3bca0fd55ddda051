"""Addresses of stored files for one viewer, and how long they are good."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from apps.movies.models import Access, Movie
from apps.users.requests import account_of
from apps.users.services import membership_end
from utils.signing import sign

SHARED_FOR = 3600.0  # seconds in which viewers get the same address of what is free, so that caches can help


def expiry(request: HttpRequest, movie: Movie, duration: float) -> int:
    """Until when addresses of a file of `duration` seconds are good (seconds since 1970).

    For the longer of the site's time and twice the title's length. Of what isn't free, no longer than the
    viewer's session lasts, and of what is for members no longer than the membership.
    """
    now = time.time()
    user = account_of(request)
    lasting = max(float(settings.TOKEN_TTL), 2 * duration)
    if movie.access == Access.FREE:
        step = max(1.0, min(SHARED_FOR, lasting / 4))
        return int((now + lasting) // step * step)
    if user is None:
        return int(now + lasting)  # a preview: nobody signs out of it
    end = min(now + lasting, _session_end(request))
    if movie.access == Access.VIP:
        membership = membership_end(user=user, at=datetime.fromtimestamp(now, UTC))
        end = min(end, membership.timestamp() if membership else end)
    return int(end)


def signed(name: str, expires_at: int) -> str:
    """The address of a stored file with its token."""
    return sign(f"{settings.VIDEO_URL}{name}", expires_at=expires_at)


def _session_end(request: HttpRequest) -> float:
    """When the viewer's session ends (seconds since 1970), as it was last saved."""
    rows = Session.objects.filter(session_key=request.session.session_key).values_list("expire_date", flat=True)
    return (rows.first() or request.session.get_expiry_date()).timestamp()
