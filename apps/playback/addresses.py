"""Addresses of stored files for one viewer, and how long they are good."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from apps.media.models import Rendition, Video
from apps.movies.models import Access, Movie
from apps.users import services as users
from utils.signing import sign

SHARED_FOR = 3600.0  # seconds in which viewers get the same address of what is free, so that caches can help


def is_short(movie: Movie, variant: Rendition.Variant) -> bool:
    """Whether addresses are good for minutes: those of what isn't everybody's."""
    return movie.access != Access.FREE and variant == Rendition.Variant.FULL


def expiry(request: HttpRequest, movie: Movie, variant: Rendition.Variant, duration: float) -> int:
    """Until when addresses of a file of `duration` seconds are good (seconds since 1970).

    What is free, and previews: for the longer of TOKEN_TTL and twice the title's length. The rest: for ADDRESS_TTL,
    within the viewer's session and, of what is for members, the membership. A player has them renewed while it plays.
    """
    now = time.time()
    user = users.account_of(request)
    lasting = max(float(settings.TOKEN_TTL), 2 * duration)
    if movie.access == Access.FREE:
        step = max(1.0, min(SHARED_FOR, lasting / 4))
        return int((now + lasting) // step * step)
    if not is_short(movie, variant) or user is None:
        return int(now + lasting)  # anybody may have it
    end = min(now + settings.ADDRESS_TTL, _session_end(request))
    if movie.access == Access.VIP:
        membership = users.membership_end(user=user, at=datetime.fromtimestamp(now, UTC))
        end = min(end, membership.timestamp() if membership else end)
    return int(end)


def files_of(video: Video, variant: Rendition.Variant) -> list[str]:
    """The stored files that a player of this variant may have in its playlists.

    Of the whole title also those that an encode has replaced: who watches them goes on with them.
    """
    names = list(video.renditions.filter(variant=variant).values_list("file", flat=True))
    if variant == Rendition.Variant.FULL:
        names += video.subtitles.values_list("file", flat=True)
        names += video.replaced.values_list("name", flat=True)
    return names


def signed(name: str, expires_at: int) -> str:
    """The address of a stored file with its token."""
    return sign(f"{settings.VIDEO_URL}{name}", expires_at=expires_at)


def _session_end(request: HttpRequest) -> float:
    """When the viewer's session ends (seconds since 1970), as it was last saved."""
    rows = Session.objects.filter(session_key=request.session.session_key).values_list("expire_date", flat=True)
    return (rows.first() or request.session.get_expiry_date()).timestamp()
