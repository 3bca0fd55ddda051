"""Watch progress, view counting and active streams."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.movies.models import Audience, Episode, listed
from apps.users.models import User
from utils.rows import name_of

LAPSES_AFTER = timedelta(seconds=12)  # without a heartbeat: one may be lost in transit
WATCH_KEPT = timedelta(hours=6)  # within which a repeated view of an episode isn't counted
TOO_SHORT = 5.0  # seconds below which resuming isn't offered


class ProgressQuerySet(models.QuerySet["Progress"]):
    def for_history(self, audience: Audience) -> ProgressQuerySet:
        """What the signed-in viewer watched of the listed titles, newest first."""
        return (
            self.filter(listed(audience, "episode__movie__"), user=audience.viewer.pk)
            .select_related("episode__movie")
            .defer("episode__movie__summary", "episode__movie__content")
            .order_by("-updated_at")
        )


class Progress(models.Model):
    """A user's watch position in an episode, updated by the player's heartbeats."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="progress", verbose_name=_("user"))
    episode = models.ForeignKey(Episode, models.CASCADE, related_name="progress", verbose_name=_("episode"))
    position = models.FloatField(_("position"), default=0)  # seconds
    duration = models.FloatField(_("duration"), default=0)  # seconds, as reported by the player
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
        """The watched percentage, 0 to 100."""
        return min(100, round(100 * self.position / self.duration)) if self.duration else 0

    @property
    def can_resume(self) -> bool:
        """Whether there is a position to resume from."""
        return not self.finished and self.position > TOO_SHORT

    @property
    def remaining(self) -> float:
        """Seconds still to watch."""
        return max(0.0, self.duration - self.position)


def viewer_key(user: User) -> str:
    """The viewer key of an account; keys of anonymous browsers start with another letter."""
    return f"u{user.pk}"


class WatchQuerySet(models.QuerySet["Watch"]):
    def lapsed(self, at: datetime) -> WatchQuerySet:
        """Rows that no longer matter for counting."""
        return self.exclude(seen_at__gt=at - WATCH_KEPT, seen_at__lt=at + WATCH_KEPT)


class Watch(models.Model):
    """A viewer of an episode, signed in or not, kept only to count each view once.

    Stored in the database only, so that losing the cache neither loses nor repeats a view. This isn't the watch
    history, which is `Progress`.
    """

    viewer = models.CharField(max_length=40)  # an account's `viewer_key`, or the key in the browser's cookie
    # Without a constraint: checking it would lock the episode's row on MariaDB, once for each viewer.
    episode = models.ForeignKey(Episode, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    tab = models.CharField(max_length=40)  # the player of the last heartbeat, and its sequence number
    number = models.PositiveBigIntegerField()
    playing = models.BooleanField()
    seen_at = models.DateTimeField()  # the last heartbeat that changed the row
    watched = models.FloatField(default=0)  # seconds watched towards the next view
    counted_at = models.DateTimeField(null=True)  # the last view

    objects = WatchQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["viewer", "episode"], name="watch_once")]

    def has_lapsed(self, at: datetime) -> bool:
        """Whether the row has lapsed. One far in the future was written before the server's clock was set back."""
        return abs(at - self.seen_at) >= WATCH_KEPT

    def is_counted(self, at: datetime) -> bool:
        """Whether the current view has already been counted."""
        return self.counted_at is not None and at - self.counted_at < WATCH_KEPT


class StreamQuerySet(models.QuerySet["Stream"]):
    def live(self, at: datetime) -> StreamQuerySet:
        """Active streams: their players sent heartbeats recently and weren't stopped.

        A heartbeat from the future predates a correction of the server's clock and is ignored.
        """
        return self.filter(stopped_at=None, seen_at__range=(at - LAPSES_AFTER, at + LAPSES_AFTER))

    def lapsed(self, at: datetime) -> StreamQuerySet:
        """Streams without recent heartbeats, except stopped ones."""
        return self.filter(stopped_at=None).exclude(seen_at__range=(at - LAPSES_AFTER, at + LAPSES_AFTER))


class Stream(models.Model):
    """One of an account's simultaneous streams, held by a player as long as it sends heartbeats.

    A stream stopped from another device is kept for a while, so that its player learns of it and gets no new URLs.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="streams", verbose_name=_("user"))
    player = models.CharField(max_length=64)  # a hash of the browser and the tab's name
    page = models.CharField(max_length=40)  # the tab's latest page load: a reload is a new one
    episode = models.ForeignKey(Episode, models.CASCADE, related_name="streams", verbose_name=_("episode"))
    user_agent = models.CharField(_("browser"), max_length=300, blank=True)
    began_at = models.DateTimeField(_("started at"))
    seen_at = models.DateTimeField(_("last active at"))
    stopped_at = models.DateTimeField(_("stopped at"), null=True)

    objects = StreamQuerySet.as_manager()

    class Meta:
        verbose_name = _("active stream")
        verbose_name_plural = _("active streams")
        constraints = [models.UniqueConstraint(fields=["user", "player"], name="stream_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.began_at:%Y-%m-%d %H:%M}"

    def holds(self, at: datetime) -> bool:
        """Whether the player holds its stream at that time."""
        return self.stopped_at is None and abs(at - self.seen_at) <= LAPSES_AFTER
