"""How far a viewer got, and the view that counts once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django_redis import get_redis_connection
from redis.exceptions import LockError, RedisError

from apps.media.models import Rendition
from apps.movies.models import Episode
from apps.movies.services import record_play
from apps.playback.models import Progress
from apps.playback.services.access import Grant

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.users.models import User

BEAT = 15.0  # seconds of watching one heartbeat can stand for at most
SAVE_EVERY = 5.0  # seconds between two writes of one viewer's progress while it plays
COUNTED_FOR = 6 * 3600  # seconds in which a viewer's second view of an episode doesn't count
NEAR_THE_END = 0.95  # share watched at which an episode is finished
LOCKED_FOR = 5.0  # seconds after which another heartbeat needn't wait for one that died
WAITS_FOR = 1.0  # seconds a heartbeat waits for another of the same viewer


@dataclass(frozen=True)
class Beat:
    """What a player says: position and duration in seconds, whether it plays, which player it is and its count."""

    position: float
    duration: float
    playing: bool
    tab: str = ""  # told apart by the player itself; empty if it doesn't
    number: int = 0  # counts up within a tab; 0 if it doesn't


class Watch(TypedDict):
    """What the cache keeps of one viewer at one episode; times are seconds since 1970 by the server's clock."""

    tab: str
    number: int
    last: float | None  # the last heartbeat, if it played then
    watched: float  # seconds towards the next view
    saved: float  # when the progress was written


def heartbeat(
    *, viewer: User | AnonymousUser, viewer_key: str, episode: Episode, grant: Grant, beat: Beat, at: datetime
) -> None:
    """Keep where the viewer is and count the view once it was watched for long enough.

    Watching is measured by the server's clock between heartbeats, so no client can claim more.
    `viewer_key` tells viewers apart who aren't signed in. A preview leaves no trace.
    """
    if grant.cut != Rendition.Cut.FULL:
        return
    key = f"watch:{viewer_key}:{episode.pk}"
    lock = get_redis_connection("default").lock(f"{key}:lock", timeout=LOCKED_FOR, blocking_timeout=WAITS_FOR)
    try:
        with lock:
            keeps, counts = _take(key, beat, at.timestamp())
    except LockError:
        return  # the next heartbeat carries the same news
    except RedisError:
        # Without what was known each one is written; the view counts once watching is measured again.
        keeps, counts = True, False
    if counts:
        record_play(movie_id=episode.movie_id, once=f"{viewer_key}:{episode.pk}", seconds=COUNTED_FOR)
    if keeps and viewer.is_authenticated:
        _keep(viewer.pk, episode, beat, at)


def _take(key: str, beat: Beat, now: float) -> tuple[bool, bool]:
    """(whether the progress moves, whether enough was watched for a view)."""
    before: Watch | None = cache.get(key)
    state: Watch = before or {"tab": beat.tab, "number": 0, "last": None, "watched": 0.0, "saved": 0.0}
    same = state["tab"] == beat.tab
    if same and beat.number and beat.number <= state["number"]:
        return False, False  # overtaken on its way
    if not same and not beat.playing:
        return False, False  # a tab that was left behind says goodbye: another one is further on
    if not same and beat.number > 1 and state["last"] is not None and now - state["last"] < BEAT:
        return False, False  # of two tabs that play, the one that began last counts until it stops
    watched = state["watched"]
    if state["last"] is not None:
        watched += min(max(0.0, now - state["last"]), BEAT)
    counts = watched >= settings.VIEW_AFTER
    keeps = not beat.playing or now - state["saved"] >= SAVE_EVERY
    state = {
        "tab": beat.tab,
        "number": beat.number,
        "last": now if beat.playing else None,
        "watched": 0.0 if counts else watched,
        "saved": now if keeps else state["saved"],
    }
    cache.set(key, state, COUNTED_FOR)
    return keeps, counts


def _keep(user_id: int, episode: Episode, beat: Beat, at: datetime) -> None:
    length = episode.video.duration if episode.video and episode.video.duration else beat.duration
    position = max(0.0, min(beat.position, length))
    over = bool(length) and position >= NEAR_THE_END * length
    values = {
        "position": position,
        "duration": length,
        "finished": over or (episode.outro_start is not None and position >= episode.outro_start),
        "updated_at": at,
    }
    with transaction.atomic():
        row, made = Progress.objects.get_or_create(user_id=user_id, episode=episode, defaults=values)
        if not made:
            # of two heartbeats at different nodes the later one wins, whichever is written first
            Progress.objects.filter(pk=row.pk, updated_at__lte=at).update(**values)


def clear_history(*, user: User) -> int:
    """Forget what the user watched; returns how many episodes."""
    return Progress.objects.filter(user=user).delete()[0]


def forget(*, user: User, progress_id: int) -> bool:
    """Forget one episode the user watched; False if there is no such row of theirs."""
    return bool(Progress.objects.filter(user=user, pk=progress_id).delete()[0])
