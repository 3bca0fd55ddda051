"""Entitlement: the one place that decides what a viewer may see of an episode."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from apps.media.models import Rendition
from apps.movies.models import Access, Episode
from apps.orders.services import owns
from apps.users.services import is_member

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.users.models import User


@dataclass(frozen=True)
class Grant:
    """What a viewer gets: `cut` of the renditions, None for nothing; `reason` says why it isn't all.

    Reasons: "" (everything), "sign_in", "vip", "buy", "not_ready".
    """

    cut: Rendition.Cut | None
    reason: str = ""

    @property
    def kind(self) -> str:
        """full, preview or refused."""
        return self.cut.value if self.cut else "refused"


def authorize(*, viewer: User | AnonymousUser, episode: Episode, at: datetime) -> Grant:
    """What this viewer may watch of the episode at that moment."""
    video, movie = episode.video, episode.movie
    reason = ""
    if not viewer.is_staff:
        if not movie.is_shown:
            return Grant(None, "not_ready")
        if movie.access == Access.VIP and not is_member(user=viewer, at=at):
            reason = "vip" if viewer.is_authenticated else "sign_in"
        elif movie.access == Access.PAID and not owns(user=viewer, movie_id=movie.pk):
            reason = "buy" if viewer.is_authenticated else "sign_in"
    if video is None or video.ready_at is None:
        return Grant(None, "not_ready")
    if not reason:
        return Grant(Rendition.Cut.FULL)
    return Grant(Rendition.Cut.PREVIEW if video.preview_duration else None, reason)
