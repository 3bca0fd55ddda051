"""Limiting an account's simultaneous streams of non-free titles. Places are stored in the database only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction

from apps.media.models import Rendition
from apps.movies.models import Access, Audience, Episode, Movie
from apps.playback.models import Stream
from apps.playback.services.access import Grant
from apps.users import services as users
from apps.users.models import User

NAMELESS = "page"  # name of a browser's player that sends none, as in the URLs on its pages
STOPPED_KEPT = timedelta(hours=1)  # during which a stopped player gets no place unless its viewer asks for it


class Place(StrEnum):
    """Whether a player holds a place."""

    HELD = "held"
    FULL = "full"  # all places are in use
    STOPPED = "stopped"  # from another device


@dataclass(frozen=True)
class Player:
    """A browser tab: `key` identifies it within the account, `page` identifies one page load."""

    key: str
    page: str = ""
    user_agent: str = ""


def needs_place(*, audience: Audience, movie: Movie, grant: Grant) -> bool:
    """Whether playing this needs a place: free titles, previews and curators don't."""
    return grant.variant == Rendition.Variant.FULL and movie.access != Access.FREE and not audience.is_curator


def allowed(*, user: User, movie: Movie, at: datetime) -> int:
    """The number of simultaneous streams that the account may use for this title.

    As sold with the membership; purchased titles allow at least the site's setting.
    """
    most = users.membership_streams(user=user, at=at)
    return max(1, most, settings.STREAMS_AT_ONCE if movie.access == Access.PAID else 0)


def renew(*, user: User, player: Player, episode: Episode, at: datetime) -> bool:
    """Renew the player's place in one statement; False if it holds none."""
    held = Stream.objects.live(at).filter(user=user, player=player.key)
    return bool(held.update(seen_at=at, episode=episode, page=player.page))


def pause(*, user: User, player: Player, at: datetime) -> bool:
    """Renew the place of a paused player; False if it holds none. Outdated page loads are ignored."""
    return bool(Stream.objects.live(at).filter(user=user, player=player.key, page=player.page).update(seen_at=at))


def hold(*, user: User, player: Player, episode: Episode, at: datetime) -> Place:
    """Renew the player's place, or take a free one."""
    if renew(user=user, player=player, episode=episode, at=at):
        return Place.HELD
    return take(user=user, player=player, episode=episode, at=at)


def take(
    *, user: User, player: Player, episode: Episode, at: datetime, instead_of: int | None = None, back: bool = False
) -> Place:
    """Take a place, `instead_of` the account's stream of that id, or `back` after this player was stopped."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # no two players may take the last place
        own = Stream.objects.filter(user=user)
        # Deleted rather than skipped, so that a late heartbeat has to request a place again.
        own.lapsed(at).delete()
        own.filter(stopped_at__lte=at - STOPPED_KEPT).delete()
        if instead_of is not None:
            own.live(at).filter(pk=instead_of).exclude(player=player.key).update(stopped_at=at)
        if not back and instead_of is None and own.filter(player=player.key).exclude(stopped_at=None).exists():
            return Place.STOPPED
        if own.live(at).exclude(player=player.key).count() >= allowed(user=user, movie=episode.movie, at=at):
            return Place.FULL
        known = {"page": player.page, "episode": episode, "seen_at": at, "stopped_at": None}
        if not own.filter(player=player.key).update(**known):
            Stream.objects.create(user=user, player=player.key, user_agent=player.user_agent, began_at=at, **known)
        return Place.HELD


def leave(*, user: User, player: Player) -> None:
    """Free the place of a closed page. A reloaded page is another one and keeps it."""
    Stream.objects.filter(user=user, player=player.key, page=player.page, stopped_at=None).delete()


def others(*, user: User, player: Player, at: datetime) -> list[Stream]:
    """The account's other active streams, latest first."""
    rows = Stream.objects.live(at).filter(user=user).exclude(player=player.key)
    return list(rows.select_related("episode__movie").order_by("-began_at", "-pk"))


def forget_lapsed(*, at: datetime) -> int:
    """Delete lapsed streams and those stopped long ago; returns how many."""
    lapsed = Stream.objects.lapsed(at).delete()[0]
    return lapsed + Stream.objects.filter(stopped_at__lte=at - STOPPED_KEPT).delete()[0]
