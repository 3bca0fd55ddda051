"""The rule: which titles an audience may see. Lists, pages, playlists and the shop all read it here.

A title is *visible* if its page opens, and *listed* if lists, search and the shop show it as well. A title that waits
for its first video is visible and not listed yet. A new condition of release belongs in `released`, for the database,
and in `Release.is_released`, for a title that was loaded; what it depends on is a field of `Audience`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.users.models import User


class Status(models.TextChoices):
    """Whether viewers see a title; a deleted one has `deleted_at`."""

    DRAFT = "draft", _("draft")
    WAITING = "waiting", _("publish when ready")  # published automatically once an episode can be played
    PUBLISHED = "published", _("published")
    WITHDRAWN = "withdrawn", _("unpublished")


OPENED = [Status.PUBLISHED, Status.WAITING]


@dataclass(frozen=True)
class Audience:
    """The viewer and the moment: all that the visibility of a title may depend on."""

    viewer: User | AnonymousUser
    at: datetime

    @classmethod
    def of(cls, request: HttpRequest) -> Audience:
        """The viewer of this request, now: for views, and what they call gets it from them."""
        return cls(request.user, timezone.now())

    @property
    def is_curator(self) -> bool:
        """Whether titles are visible as the administration shows them: drafts too, and everything in full."""
        viewer = self.viewer
        return viewer.is_staff and (viewer.has_perm("movies.view_movie") or viewer.has_perm("movies.change_movie"))


class Release(models.Model):
    """The part of a title that decides who may see it."""

    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.DRAFT)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def is_listed(self, audience: Audience) -> bool:
        """Whether lists show it to this audience, as `listed` finds it."""
        return self.is_released(audience) and self.status == Status.PUBLISHED

    def is_visible(self, audience: Audience) -> bool:
        """Whether its page opens to this audience, as `visible` finds it."""
        opens = self.is_released(audience) and self.status in OPENED
        return opens or (self.deleted_at is None and audience.is_curator)

    def is_released(self, audience: Audience) -> bool:
        """Whether `released` holds."""
        return self.deleted_at is None


def listed(audience: Audience, prefix: str = "") -> Q:
    """The condition that a title is in this audience's lists; `prefix` leads to the title, as in `episode__movie__`."""
    return released(audience, prefix) & Q(**{f"{prefix}status": Status.PUBLISHED})


def visible(audience: Audience, prefix: str = "") -> Q:
    """The condition that a title's page opens to this audience; `prefix` as in `listed`."""
    if audience.is_curator:
        return Q(**{f"{prefix}deleted_at": None})
    return released(audience, prefix) & Q(**{f"{prefix}status__in": OPENED})


def released(audience: Audience, prefix: str = "") -> Q:
    """What limits a title's release beside its status."""
    return Q(**{f"{prefix}deleted_at": None})
