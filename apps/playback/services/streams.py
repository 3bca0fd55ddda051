"""How many players of an account show what isn't free at once: each holds a place, kept in the database alone."""

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

NAMELESS = "page"  # what a browser's player is called that says no name, as in the addresses on its pages
TOLD_FOR = timedelta(hours=1)  # for which a player that was stopped gets no place unless its viewer asks for it


class Place(StrEnum):
    """How a player stands."""

    HELD = "held"
    FULL = "full"  # others hold all there are
    STOPPED = "stopped"  # at another player


@dataclass(frozen=True)
class Player:
    """A tab of a browser: `key` tells it from the account's others, `page` one load of it from the next."""

    key: str
    page: str = ""
    user_agent: str = ""


def needs_place(*, audience: Audience, movie: Movie, grant: Grant) -> bool:
    """Whether a player needs one for it: what is free, previews and what curators look at is for everybody at once."""
    return grant.variant == Rendition.Variant.FULL and movie.access != Access.FREE and not audience.is_curator


def allowed(*, user: User, movie: Movie, at: datetime) -> int:
    """How many players the account may use at once for this title.

    Of the membership as it was sold; a bought title needs none, and counts as many as the site's setting.
    """
    most = users.membership_streams(user=user, at=at)
    return max(1, most, settings.STREAMS_AT_ONCE if movie.access == Access.PAID else 0)


def renew(*, user: User, player: Player, episode: Episode, at: datetime) -> bool:
    """A sign of life in one statement; False if the player holds no place."""
    held = Stream.objects.live(at).filter(user=user, player=player.key)
    return bool(held.update(seen_at=at, episode=episode, page=player.page))


def pause(*, user: User, player: Player, at: datetime) -> bool:
    """A last sign of life; False if the player holds no place. A page that was reloaded meanwhile says nothing more."""
    return bool(Stream.objects.live(at).filter(user=user, player=player.key, page=player.page).update(seen_at=at))


def hold(*, user: User, player: Player, episode: Episode, at: datetime) -> Place:
    """Keep the player's place, or take one if one is free."""
    if renew(user=user, player=player, episode=episode, at=at):
        return Place.HELD
    return take(user=user, player=player, episode=episode, at=at)


def take(
    *, user: User, player: Player, episode: Episode, at: datetime, instead_of: int | None = None, back: bool = False
) -> Place:
    """Take a place, `instead_of` the account's other stream of that id, or `back` where this player was stopped."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # one at a time of each account: no two take the last place
        mine = Stream.objects.filter(user=user)
        # Deleted, not passed over: a heartbeat that comes late finds no place, and asks for one in its turn.
        mine.lapsed(at).delete()
        mine.filter(stopped_at__lte=at - TOLD_FOR).delete()
        if instead_of is not None:
            mine.live(at).filter(pk=instead_of).exclude(player=player.key).update(stopped_at=at)
        if not back and instead_of is None and mine.filter(player=player.key).exclude(stopped_at=None).exists():
            return Place.STOPPED
        if mine.live(at).exclude(player=player.key).count() >= allowed(user=user, movie=episode.movie, at=at):
            return Place.FULL
        known = {"page": player.page, "episode": episode, "seen_at": at, "stopped_at": None}
        if not mine.filter(player=player.key).update(**known):
            Stream.objects.create(user=user, player=player.key, user_agent=player.user_agent, began_at=at, **known)
        return Place.HELD


def leave(*, user: User, player: Player) -> None:
    """Free the place of a page that is closed. One that was reloaded meanwhile is another page and keeps it."""
    Stream.objects.filter(user=user, player=player.key, page=player.page, stopped_at=None).delete()


def others(*, user: User, player: Player, at: datetime) -> list[Stream]:
    """The account's other players that hold places, those that began last first."""
    rows = Stream.objects.live(at).filter(user=user).exclude(player=player.key)
    return list(rows.select_related("episode__movie").order_by("-began_at", "-pk"))


def forget_lapsed(*, at: datetime) -> int:
    """Delete the places that nobody holds any more, and what was stopped long ago. Returns how many."""
    lapsed = Stream.objects.lapsed(at).delete()[0]
    return lapsed + Stream.objects.filter(stopped_at__lte=at - TOLD_FOR).delete()[0]
