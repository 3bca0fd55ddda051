"""How far a viewer got, and the view that counts once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from apps.media.models import Rendition
from apps.movies import services as movies
from apps.movies.models import Episode
from apps.playback.models import Progress, Watch
from apps.playback.services.access import Grant

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.users.models import User

LONGEST_GAP = 15.0  # seconds of watching one heartbeat can stand for at most
SAVE_EVERY = 5.0  # seconds between two writes of one viewer while it plays
NEAR_THE_END = 0.95  # share watched at which an episode is finished
TRIES = 3  # of a heartbeat that another one of the same viewer overtakes
FORGOTTEN_AT_ONCE = 500  # rows


@dataclass(frozen=True)
class Heartbeat:
    """What a player says: position and duration in seconds, whether it plays, which player it is and its count."""

    position: float
    duration: float
    playing: bool
    tab: str = ""  # told apart by the player itself; empty if it doesn't
    number: int = 0  # counts up within a tab; 0 if it doesn't


def record_heartbeat(
    *, viewer: User | AnonymousUser, viewer_key: str, episode: Episode, grant: Grant, heartbeat: Heartbeat, at: datetime
) -> None:
    """Keep where the viewer is and count the view once it was watched for long enough.

    Watching is measured by the server's clock between heartbeats, so no client can claim more.
    `viewer_key` tells viewers apart who aren't signed in. A preview leaves no trace.
    """
    if grant.variant != Rendition.Variant.FULL:
        return
    for _ in range(TRIES):
        watch, begins = Watch.objects.get_or_create(viewer=viewer_key, episode=episode, defaults=_said(heartbeat, at))
        if begins:
            if viewer.is_authenticated:
                _keep(viewer.pk, episode, heartbeat, at)
            return
        if watch.is_counted(at) and not viewer.is_authenticated:
            return  # nothing more to know
        news = _news(watch, heartbeat, at)
        if news is None:
            return
        with transaction.atomic():
            if not Watch.objects.filter(pk=watch.pk, seen_at=watch.seen_at).update(**news):
                continue  # another heartbeat of this viewer came in between
            if news.get("counted_at"):
                movies.record_play(movie_id=episode.movie_id, at=at)
            if viewer.is_authenticated:
                _keep(viewer.pk, episode, heartbeat, at)
        return


def _said(heartbeat: Heartbeat, at: datetime) -> dict[str, Any]:
    return {"tab": heartbeat.tab, "number": heartbeat.number, "playing": heartbeat.playing, "seen_at": at}


def _news(watch: Watch, heartbeat: Heartbeat, at: datetime) -> dict[str, Any] | None:
    """The fields that the heartbeat changes, `counted_at` among them if it makes a view; None if it changes nothing."""
    said = _said(heartbeat, at)
    if watch.has_lapsed(at):
        return {**said, "watched": 0.0, "counted_at": None}
    passed = (at - watch.seen_at).total_seconds()
    same = watch.tab == heartbeat.tab
    if same and heartbeat.number and heartbeat.number <= watch.number:
        return None  # overtaken on its way
    if not same and not heartbeat.playing:
        return None  # a tab that was left behind says goodbye: another one is further on
    if not same and heartbeat.number > 1 and watch.playing and passed < LONGEST_GAP:
        return None  # of two tabs that play, the one that began last counts until it stops
    if same and heartbeat.playing and watch.playing and -LONGEST_GAP < passed < SAVE_EVERY:
        return None  # the next one carries the same news; a clock that was set back further isn't waited for
    watched = watch.watched + (min(max(0.0, passed), LONGEST_GAP) if watch.playing else 0.0)
    if watch.is_counted(at):
        return {**said, "watched": 0.0}
    if watched >= settings.VIEW_AFTER:
        return {**said, "watched": 0.0, "counted_at": at}
    return {**said, "watched": watched}


def _keep(user_id: int, episode: Episode, heartbeat: Heartbeat, at: datetime) -> None:
    length = episode.video.duration if episode.video and episode.video.duration else heartbeat.duration
    position = max(0.0, min(heartbeat.position, length))
    over = bool(length) and position >= NEAR_THE_END * length
    values = {
        "position": position,
        "duration": length,
        "finished": over or (episode.outro_start is not None and position >= episode.outro_start),
        "updated_at": at,
    }
    rows = Progress.objects.filter(user_id=user_id, episode=episode)
    # of two heartbeats at different nodes the later one wins, whichever is written first
    if not rows.filter(updated_at__lte=at).update(**values):
        Progress.objects.get_or_create(user_id=user_id, episode=episode, defaults=values)


def forget_lapsed(*, at: datetime) -> int:
    """Forget the viewers who were seen too long ago for a view of theirs to be the same one. Returns how many."""
    forgotten = 0
    # By key, a few at a time: viewers who are there are never waited for, nor kept waiting.
    while keys := list(Watch.objects.lapsed(at).values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]):
        forgotten += Watch.objects.lapsed(at).filter(pk__in=keys).delete()[0]
    return forgotten


def clear_history(*, user: User) -> int:
    """Forget what the user watched; returns how many episodes."""
    return Progress.objects.filter(user=user).delete()[0]


def forget(*, user: User, progress_id: int) -> bool:
    """Forget one episode the user watched; False if there is no such row of theirs."""
    return bool(Progress.objects.filter(user=user, pk=progress_id).delete()[0])
