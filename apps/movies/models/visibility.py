"""The rule: which titles an audience may see. Lists, pages, playlists and the shop all read it here.

A title is *visible* if its page opens, and *listed* if lists, search and the shop show it as well. A title that waits
for its first video is visible and not listed yet. A new condition of release belongs in `released`, for the database,
and in `is_released`, for a title that was loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.movies.models.titles import Movie
    from apps.users.models import User


class Status(models.TextChoices):
    """Whether viewers see a title; a deleted one has `deleted_at`."""

    DRAFT = "draft", _("draft")
    WAITING = "waiting", _("as soon as ready")  # published automatically once an episode can be played
    PUBLISHED = "published", _("published")
    WITHDRAWN = "withdrawn", _("off the shelf")


OPENED = [Status.PUBLISHED, Status.WAITING]


@dataclass(frozen=True)
class Audience:
    """The viewer and the moment: all that the visibility of a title may depend on. Made of a request, at the edge."""

    viewer: User | AnonymousUser
    at: datetime

    @property
    def is_curator(self) -> bool:
        """Whether titles are visible as the administration shows them: drafts too, and everything in full."""
        viewer = self.viewer
        return viewer.is_staff and (viewer.has_perm("movies.view_movie") or viewer.has_perm("movies.change_movie"))


def listed(audience: Audience, prefix: str = "") -> Q:
    """The condition that a title is in this audience's lists; `prefix` leads to the title, as in `episode__movie__`."""
    return released(audience, prefix) & Q(**{f"{prefix}status": Status.PUBLISHED})


def visible(audience: Audience, prefix: str = "") -> Q:
    """The condition that a title's page opens to this audience; `prefix` as in `listed`."""
    if audience.is_curator:
        return Q(**{f"{prefix}deleted_at": None})
    return released(audience, prefix) & Q(**{f"{prefix}status__in": OPENED})


def released(audience: Audience, prefix: str = "") -> Q:
    """What limits a title's release beside its status; `is_released` says the same of a title that was loaded."""
    return Q(**{f"{prefix}deleted_at": None})


def is_listed(movie: Movie, audience: Audience) -> bool:
    """Whether `listed` finds the title."""
    return is_released(movie, audience) and movie.status == Status.PUBLISHED


def is_visible(movie: Movie, audience: Audience) -> bool:
    """Whether `visible` finds the title."""
    opens = is_released(movie, audience) and movie.status in OPENED
    return opens or (movie.deleted_at is None and audience.is_curator)


def is_released(movie: Movie, audience: Audience) -> bool:
    """Whether `released` holds."""
    return movie.deleted_at is None
