"""Recording heartbeats: watch progress and view counting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.media.models import Rendition
from apps.movies import services as movies
from apps.movies.models import Episode
from apps.playback.models import Progress, Watch
from apps.playback.services.access import Grant
from utils import ratelimit
from utils.addresses import client_network

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.users.models import User

LONGEST_GAP = 15.0  # seconds of watching that one heartbeat can account for
SAVE_EVERY = 5.0  # seconds between two writes per viewer during playback
NEAR_THE_END = 0.95  # watched share at which an episode counts as finished
TRIES = 3  # of a heartbeat that races with another of the same viewer
FORGOTTEN_AT_ONCE = 500  # rows
BEGUN_BY_NETWORK = 5000  # views of viewers without an account that one network may begin in an hour
HOUR = 3600  # seconds


@dataclass(frozen=True)
class Heartbeat:
    """A player's report: position and duration in seconds, whether it plays, its name and sequence number."""

    position: float
    duration: float
    playing: bool
    tab: str = ""  # the player's own name, may be empty
    number: int = 0  # sequence number within a tab, 0 if unknown


def record_heartbeat(
    *,
    viewer: User | AnonymousUser,
    viewer_key: str,
    address: str,
    episode: Episode,
    grant: Grant,
    heartbeat: Heartbeat,
    at: datetime,
) -> None:
    """Save the position, and count the view once it has been watched for long enough.

    Watching is measured by the server's clock between heartbeats, so no client can claim more.
    `viewer_key` identifies viewers without an account, `address` is the client's. Previews aren't recorded.
    """
    if grant.variant != Rendition.Variant.FULL:
        return
    for _ in range(TRIES):
        watch = Watch.objects.filter(viewer=viewer_key, episode=episode).first()
        if watch is None:
            if not viewer.is_authenticated and _begins_too_many(address):
                return
            if not _begin(viewer_key, episode, heartbeat, at):
                continue  # another heartbeat of this viewer was faster
            if viewer.is_authenticated:
                _keep(viewer.pk, episode, heartbeat, at)
            return
        if watch.is_counted(at) and not viewer.is_authenticated:
            return  # nothing left to record
        changes = _changes(watch, heartbeat, at)
        if changes is None:
            return
        with transaction.atomic():
            if not Watch.objects.filter(pk=watch.pk, seen_at=watch.seen_at).update(**changes):
                continue  # another heartbeat of this viewer was faster
            if changes.get("counted_at"):
                movies.record_play(movie_id=episode.movie_id, at=at)
            if viewer.is_authenticated:
                _keep(viewer.pk, episode, heartbeat, at)
        return


def _begin(viewer_key: str, episode: Episode, heartbeat: Heartbeat, at: datetime) -> bool:
    """Store the first heartbeat of a viewer; False if there is one already."""
    try:
        with transaction.atomic():
            Watch.objects.create(viewer=viewer_key, episode=episode, **_fields(heartbeat, at))
    except IntegrityError:
        return False
    return True


def _begins_too_many(address: str) -> bool:
    """Whether the network has begun so many views that further ones aren't stored: anybody can ask for new cookies."""
    limit = ratelimit.Limit(f"watch:{client_network(address)}", BEGUN_BY_NETWORK, HOUR)
    return ratelimit.take([limit]) > 0


def _fields(heartbeat: Heartbeat, at: datetime) -> dict[str, Any]:
    return {"tab": heartbeat.tab, "number": heartbeat.number, "playing": heartbeat.playing, "seen_at": at}


def _changes(watch: Watch, heartbeat: Heartbeat, at: datetime) -> dict[str, Any] | None:
    """The fields that the heartbeat changes, including `counted_at` if it completes a view; None for no change."""
    fields = _fields(heartbeat, at)
    if watch.has_lapsed(at):
        return {**fields, "watched": 0.0, "counted_at": None}
    passed = (at - watch.seen_at).total_seconds()
    same = watch.tab == heartbeat.tab
    if same and heartbeat.number and heartbeat.number <= watch.number:
        return None  # arrived out of order
    if not same and not heartbeat.playing:
        return None  # a closed tab's last heartbeat: another tab has taken over
    if not same and heartbeat.number > 1 and watch.playing and passed < LONGEST_GAP:
        return None  # of two playing tabs, the one that started last counts until it stops
    if same and heartbeat.playing and watch.playing and -LONGEST_GAP < passed < SAVE_EVERY:
        return None  # too soon after the last write; a clock set back further is tolerated
    watched = watch.watched + (min(max(0.0, passed), LONGEST_GAP) if watch.playing else 0.0)
    if watch.is_counted(at):
        return {**fields, "watched": 0.0}
    if watched >= settings.VIEW_AFTER:
        return {**fields, "watched": 0.0, "counted_at": at}
    return {**fields, "watched": watched}


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
    # the later of two heartbeats wins, even if different nodes write them out of order
    if not rows.filter(updated_at__lte=at).update(**values):
        Progress.objects.get_or_create(user_id=user_id, episode=episode, defaults=values)


def forget_lapsed(*, at: datetime) -> int:
    """Delete rows that are too old to matter for counting; returns how many."""
    forgotten = 0
    # By key in small batches, so that neither side waits for row locks.
    while keys := list(Watch.objects.lapsed(at).values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]):
        forgotten += Watch.objects.lapsed(at).filter(pk__in=keys).delete()[0]
    return forgotten


def clear_history(*, user: User) -> int:
    """Clear the user's watch history; returns the number of episodes."""
    return Progress.objects.filter(user=user).delete()[0]


def forget(*, user: User, progress_id: int) -> bool:
    """Remove one entry from the user's watch history; False if it isn't theirs."""
    return bool(Progress.objects.filter(user=user, pk=progress_id).delete()[0])
