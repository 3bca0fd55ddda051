"""Who watched what, and how far."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.movies.models import Episode
from utils.rows import name_of

TOO_SHORT = 5.0  # seconds below which nobody wants to go on


class ProgressQuerySet(models.QuerySet["Progress"]):
    def for_history(self, user: Any) -> ProgressQuerySet:
        """What the user watched of what is on the shelf, newest first."""
        return (
            self.filter(user=user, episode__movie__status="published", episode__movie__deleted_at=None)
            .select_related("episode__movie")
            .defer("episode__movie__summary", "episode__movie__content")
            .order_by("-updated_at")
        )


class Progress(models.Model):
    """How far a user has watched an episode: one row each, moved by the player's heartbeat."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="progress", verbose_name=_("user"))
    episode = models.ForeignKey(Episode, models.CASCADE, related_name="progress", verbose_name=_("episode"))
    position = models.FloatField(_("position"), default=0)  # seconds
    duration = models.FloatField(_("duration"), default=0)  # seconds, as the player knew it
    finished = models.BooleanField(_("finished"), default=False)
    updated_at = models.DateTimeField(_("watched at"))

    objects = ProgressQuerySet.as_manager()

    class Meta:
        verbose_name = _("progress")
        verbose_name_plural = _("progress")
        constraints = [models.UniqueConstraint(fields=["user", "episode"], name="progress_once")]
        indexes = [models.Index(fields=["user", "-updated_at"])]

    def __str__(self) -> str:
        return f"{name_of(self, 'user')} · {name_of(self, 'episode')} · {self.position:.0f} s"

    @property
    def percent(self) -> int:
        """The share that was watched, 0 to 100."""
        return min(100, round(100 * self.position / self.duration)) if self.duration else 0

    @property
    def can_resume(self) -> bool:
        """Whether there is a place to go on from."""
        return not self.finished and self.position > TOO_SHORT

    @property
    def remaining(self) -> float:
        """Seconds still to watch."""
        return max(0.0, self.duration - self.position)
