"""Entitlement: decides what a viewer may watch of an episode."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from apps.media.models import Rendition
from apps.movies.models import Access, Audience, Episode, Movie
from apps.orders import services as orders
from apps.users import services as users


class GrantKind(StrEnum):
    """How much of an episode a viewer gets; the player's script compares the same words."""

    FULL = "full"
    PREVIEW = "preview"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why a viewer doesn't get the full title; the player's script compares the same words."""

    NONE = ""
    SIGN_IN = "sign_in"
    VIP = "vip"
    BUY = "buy"
    NOT_READY = "not_ready"  # or not visible to this viewer
    NO_PLACE = "full"  # other players of the account hold all places
    STOPPED = "stopped"  # stopped from another player of the account


NOT_THEIRS = frozenset({Reason.SIGN_IN, Reason.VIP, Reason.BUY})  # signing in or buying removes these


@dataclass(frozen=True)
class Grant:
    """What a viewer may play: the `variant` of the renditions, or None; `reason` says why it isn't the full title.

    `withheld` says why the viewer isn't entitled to the whole title, whether or not this episode is ready.
    """

    variant: Rendition.Variant | None
    reason: Reason = Reason.NONE
    withheld: Reason = Reason.NONE

    @property
    def kind(self) -> GrantKind:
        """The kind that corresponds to the variant."""
        return GrantKind(self.variant.value) if self.variant else GrantKind.REFUSED


def withheld(*, audience: Audience, movie: Movie) -> Reason:
    """Why this viewer doesn't get the whole title and its material; Reason.NONE if they do."""
    if not movie.is_visible(audience):
        return Reason.NOT_READY
    if audience.is_curator:
        return Reason.NONE
    viewer = audience.viewer
    if movie.access == Access.VIP and not users.is_member(user=viewer, at=audience.at):
        return Reason.VIP if viewer.is_authenticated else Reason.SIGN_IN
    if movie.access == Access.PAID and not orders.owns(user=viewer, movie_id=movie.pk):
        return Reason.BUY if viewer.is_authenticated else Reason.SIGN_IN
    return Reason.NONE


def authorize(*, audience: Audience, episode: Episode) -> Grant:
    """What this viewer may watch of the episode at this moment."""
    video, reason = episode.video, withheld(audience=audience, movie=episode.movie)
    if reason is Reason.NOT_READY:
        return Grant(None, reason)
    if video is None or video.ready_at is None:
        return Grant(None, Reason.NOT_READY, reason)
    if not reason:
        return Grant(Rendition.Variant.FULL)
    return Grant(Rendition.Variant.PREVIEW if video.preview_duration else None, reason, reason)
