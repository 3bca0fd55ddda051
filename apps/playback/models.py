"""Who watched what, and how far."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.movies.models import Episode


class Progress(models.Model):
    """How far a user has watched an episode: one row each, moved by the player's heartbeat."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="progress", verbose_name=_("user"))
    episode = models.ForeignKey(Episode, models.CASCADE, related_name="progress", verbose_name=_("episode"))
    position = models.FloatField(_("position"), default=0)  # seconds
    duration = models.FloatField(_("duration"), default=0)  # seconds, as the player knew it
    finished = models.BooleanField(_("finished"), default=False)
    updated_at = models.DateTimeField(_("watched at"))

    class Meta:
        verbose_name = _("progress")
        verbose_name_plural = _("progress")
        constraints = [models.UniqueConstraint(fields=["user", "episode"], name="progress_once")]
        indexes = [models.Index(fields=["user", "-updated_at"])]

    def __str__(self) -> str:
        return f"{self.user} · {self.episode} · {self.position:.0f} s"

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.position / self.duration)) if self.duration else 0

    @property
    def remaining(self) -> float:
        """Seconds still to watch."""
        return max(0.0, self.duration - self.position)
