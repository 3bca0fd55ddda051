"""The rule for which titles an audience may see. Lists, pages, playlists and the shop all apply it.

A title is *visible* if its page opens, and *listed* if lists, search and the shop show it as well. A title that waits
for its first video is visible but not listed yet. Add a new condition to `released`, which filters in the database,
and to `Release.is_released`, which checks a loaded title; whatever the condition depends on is a field of `Audience`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import BooleanField, Case, Q, Value, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
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
        """The viewer of this request at this moment. Only views call this; they pass it on to services."""
        return cls(request.user, timezone.now())

    @classmethod
    def public(cls, at: datetime | None = None) -> Audience:
        """A viewer of whom nothing is known, by default now: feeds, sitemaps and search engines get what they see."""
        return cls(AnonymousUser(), at or timezone.now())

    @classmethod
    def any_viewer(cls, at: datetime) -> Audience:
        """All viewers together, curators aside: a title that one of them may see is in it.

        For indexes that all viewers share. Whoever shows a title from one filters it by the viewer's own audience.
        """
        return cls(AnonymousUser(), at)

    @property
    def is_curator(self) -> bool:
        """Whether the viewer may open every title that isn't deleted, drafts included, and watch all of it."""
        viewer = self.viewer
        return viewer.is_staff and (viewer.has_perm("movies.view_movie") or viewer.has_perm("movies.change_movie"))


class Release(models.Model):
    """The fields of a title that decide whether an audience may see it."""

    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.DRAFT)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def is_listed(self, audience: Audience) -> bool:
        """Whether lists show the title to this audience: the same rule as `listed`."""
        return self.is_released(audience) and self.status == Status.PUBLISHED

    def is_visible(self, audience: Audience) -> bool:
        """Whether the title's page opens for this audience: the same rule as `visible`."""
        opens = self.is_released(audience) and self.status in OPENED
        return opens or (self.deleted_at is None and audience.is_curator)

    def is_released(self, audience: Audience) -> bool:
        """Whether the title is released for this audience: the same rule as `released`."""
        return self.deleted_at is None


def listed(audience: Audience, prefix: str = "") -> Q:
    """The condition that a title is in this audience's lists; `prefix` leads to the title, as in `episode__movie__`."""
    return released(audience, prefix) & Q(**{f"{prefix}status": Status.PUBLISHED})


def listed_by_key(audience: Audience, prefix: str = "") -> Case:
    """The same condition for titles that are found by their keys, in a form that no index serves.

    With `listed` SQLite, where it has no statistics, reads all published titles in order to find a page of them.
    """
    return Case(When(listed(audience, prefix), then=Value(True)), default=Value(False), output_field=BooleanField())


def visible(audience: Audience, prefix: str = "") -> Q:
    """The condition that a title's page opens for this audience; `prefix` as in `listed`."""
    if audience.is_curator:
        return Q(**{f"{prefix}deleted_at": None})
    return released(audience, prefix) & Q(**{f"{prefix}status__in": OPENED})


def released(audience: Audience, prefix: str = "") -> Q:
    """The condition that a title is released for this audience, apart from its status; `prefix` as in `listed`."""
    return Q(**{f"{prefix}deleted_at": None})
