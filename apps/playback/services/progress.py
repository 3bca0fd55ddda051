"""How far a viewer got, and the view that counts once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from apps.movies.models import Episode
from apps.movies.services import record_play
from apps.playback.models import Progress

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.users.models import User

BEAT = 15.0  # seconds of watching one heartbeat can stand for at most
COUNTED_FOR = 6 * 3600  # seconds in which a viewer's second view of an episode doesn't count
NEAR_THE_END = 0.95  # share watched at which an episode is finished


def heartbeat(
    *,
    viewer: User | AnonymousUser,
    viewer_key: str,
    episode: Episode,
    position: float,
    duration: float,
    playing: bool,
    at: datetime,
) -> None:
    """Keep where the viewer is (seconds) and count the view once it was watched for long enough.

    Watching is measured by the server's clock between heartbeats, so no client can claim more.
    `viewer_key` tells viewers apart who aren't signed in.
    """
    _count(viewer_key, episode, playing, at)
    if not viewer.is_authenticated:
        return
    length = episode.video.duration if episode.video and episode.video.duration else duration
    position = max(0.0, min(position, length))
    values = {
        "position": position,
        "duration": length,
        "finished": bool(length) and position >= NEAR_THE_END * length,
        "updated_at": at,
    }
    with transaction.atomic():
        row, made = Progress.objects.get_or_create(user_id=viewer.pk, episode=episode, defaults=values)
        if not made:
            # a heartbeat that was overtaken on its way changes nothing
            Progress.objects.filter(pk=row.pk, updated_at__lte=at).update(**values)


def _count(viewer_key: str, episode: Episode, playing: bool, at: datetime) -> None:
    last_key, watched_key = f"watch:last:{viewer_key}:{episode.pk}", f"watch:sum:{viewer_key}:{episode.pk}"
    now = at.timestamp()
    last = cache.get(last_key)
    cache.set(last_key, now if playing else None, 60)
    if last is None:
        return
    watched = (cache.get(watched_key) or 0.0) + min(max(0.0, now - last), BEAT)
    cache.set(watched_key, watched, COUNTED_FOR)
    if watched >= settings.VIEW_AFTER and cache.add(f"watch:counted:{viewer_key}:{episode.pk}", 1, COUNTED_FOR):
        record_play(movie_id=episode.movie_id)


def clear_history(*, user: User) -> int:
    """Forget what the user watched; returns how many episodes."""
    return Progress.objects.filter(user=user).delete()[0]
