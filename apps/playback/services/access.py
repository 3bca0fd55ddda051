"""Entitlement: the one place that decides what a viewer may see of an episode."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from apps.media.models import Rendition
from apps.movies.models import Access, Episode, Movie
from apps.orders import services as orders
from apps.users import services as users

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.users.models import User


@dataclass(frozen=True)
class Grant:
    """What a viewer gets: the `variant` of the renditions, None for nothing; `reason` says why it isn't all.

    Reasons: "" (everything), "sign_in", "vip", "buy", "not_ready", and of a player without a place "full" (others hold
    all there are) and "stopped" (at another player). `withheld` says why the title isn't the viewer's,
    whether or not this episode is ready.
    """

    variant: Rendition.Variant | None
    reason: str = ""
    withheld: str = ""

    @property
    def kind(self) -> str:
        """full, preview or refused."""
        return self.variant.value if self.variant else "refused"


def is_curator(*, viewer: User | AnonymousUser) -> bool:
    """Whether the viewer sees titles as the administration shows them: drafts too, and everything in full."""
    return viewer.is_staff and (viewer.has_perm("movies.view_movie") or viewer.has_perm("movies.change_movie"))


def withheld(*, viewer: User | AnonymousUser, movie: Movie, at: datetime) -> str:
    """Why this viewer doesn't get the whole title and its material: a reason of `Grant`, or "" if they do."""
    if is_curator(viewer=viewer):
        return ""
    if not movie.is_open:
        return "not_ready"
    if movie.access == Access.VIP and not users.is_member(user=viewer, at=at):
        return "vip" if viewer.is_authenticated else "sign_in"
    if movie.access == Access.PAID and not orders.owns(user=viewer, movie_id=movie.pk):
        return "buy" if viewer.is_authenticated else "sign_in"
    return ""


def authorize(*, viewer: User | AnonymousUser, episode: Episode, at: datetime) -> Grant:
    """What this viewer may watch of the episode at that moment."""
    video, reason = episode.video, withheld(viewer=viewer, movie=episode.movie, at=at)
    if reason == "not_ready":
        return Grant(None, reason)
    if video is None or video.ready_at is None:
        return Grant(None, "not_ready", reason)
    if not reason:
        return Grant(Rendition.Variant.FULL)
    return Grant(Rendition.Variant.PREVIEW if video.preview_duration else None, reason, reason)
