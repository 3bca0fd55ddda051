"""Signed URLs of stored files for one viewer, and their lifetime."""

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

SHARED_FOR = 3600.0  # seconds for which viewers share the URL of a free file, so that caches work


def is_short(movie: Movie, variant: Rendition.Variant) -> bool:
    """Whether URLs are short-lived: those of content that isn't free."""
    return movie.access != Access.FREE and variant == Rendition.Variant.FULL


def expiry(request: HttpRequest, movie: Movie, variant: Rendition.Variant, duration: float) -> int:
    """The expiry (seconds since 1970) of URLs of a file of `duration` seconds.

    Free content and previews: the longer of TOKEN_TTL and twice the title's length. Other content: ADDRESS_TTL, limited
    by the viewer's session and, for VIP titles, the membership. The player renews them during playback.
    """
    now = time.time()
    user = users.account_of(request)
    lasting = max(float(settings.TOKEN_TTL), 2 * duration)
    if movie.access == Access.FREE:
        step = max(1.0, min(SHARED_FOR, lasting / 4))
        return int((now + lasting) // step * step)
    if not is_short(movie, variant) or user is None:
        return int(now + lasting)  # public
    end = min(now + settings.ADDRESS_TTL, _session_end(request))
    if movie.access == Access.VIP:
        membership = users.membership_end(user=user, at=datetime.fromtimestamp(now, UTC))
        end = min(end, membership.timestamp() if membership else end)
    return int(end)


def files_of(video: Video, variant: Rendition.Variant) -> list[str]:
    """The stored files that playlists of this variant may contain.

    For the full title this includes files replaced by a re-encode, which current viewers keep playing.
    """
    names = list(video.renditions.filter(variant=variant).values_list("file", flat=True))
    if variant == Rendition.Variant.FULL:
        names += video.subtitles.values_list("file", flat=True)
        names += video.replaced.values_list("name", flat=True)
    return names


def signed(name: str, expires_at: int) -> str:
    """The URL of a stored file with its token."""
    return sign(f"{settings.VIDEO_URL}{name}", expires_at=expires_at)


def _session_end(request: HttpRequest) -> float:
    """When the viewer's saved session expires (seconds since 1970)."""
    rows = Session.objects.filter(session_key=request.session.session_key).values_list("expire_date", flat=True)
    return (rows.first() or request.session.get_expiry_date()).timestamp()
