"""Who watched what and how far, and who watches just now."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.movies.models import Audience, Episode, listed
from apps.users.models import User
from utils.rows import name_of

LAPSES_AFTER = timedelta(seconds=12)  # without a sign of life: two heartbeats, so that one may be lost on its way
WATCH_KEPT = timedelta(hours=6)  # in which a viewer's second view of an episode doesn't count
TOO_SHORT = 5.0  # seconds below which nobody wants to go on


class ProgressQuerySet(models.QuerySet["Progress"]):
    def for_history(self, audience: Audience) -> ProgressQuerySet:
        """What the viewer, who is signed in, watched of the listed titles, newest first."""
        return (
            self.filter(listed(audience, "episode__movie__"), user=audience.viewer.pk)
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


def viewer_key(user: User) -> str:
    """What the account is called where viewers needn't be signed in; a browser's key begins with another letter."""
    return f"u{user.pk}"


class WatchQuerySet(models.QuerySet["Watch"]):
    def lapsed(self, at: datetime) -> WatchQuerySet:
        """Those that are as good as forgotten."""
        return self.exclude(seen_at__gt=at - WATCH_KEPT, seen_at__lt=at + WATCH_KEPT)


class Watch(models.Model):
    """A viewer at an episode, signed in or not, for as long as it takes to count a view once.

    In the database alone: what becomes of the cache neither loses a view nor counts one twice. It is no history, and
    isn't kept: the viewer's own is `Progress`.
    """

    viewer = models.CharField(max_length=40)  # an account's `viewer_key`, or what the browser's cookie says
    # Without a constraint: checking it would lock the episode's row on MariaDB, once for each viewer.
    episode = models.ForeignKey(Episode, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    tab = models.CharField(max_length=40)  # the player that the last heartbeat came from, and its count there
    number = models.PositiveBigIntegerField()
    playing = models.BooleanField()
    seen_at = models.DateTimeField()  # the last heartbeat that changed anything
    watched = models.FloatField(default=0)  # seconds towards the next view
    counted_at = models.DateTimeField(null=True)  # the last view

    objects = WatchQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["viewer", "episode"], name="watch_once")]

    def has_lapsed(self, at: datetime) -> bool:
        """Whether it is as good as forgotten. One far in the future was seen before the server's clock was set back."""
        return abs(at - self.seen_at) >= WATCH_KEPT

    def is_counted(self, at: datetime) -> bool:
        """Whether a view of it would be the same one again."""
        return self.counted_at is not None and at - self.counted_at < WATCH_KEPT


class StreamQuerySet(models.QuerySet["Stream"]):
    def live(self, at: datetime) -> StreamQuerySet:
        """The places that are held: their players showed signs of life, and weren't stopped.

        A sign from the future was given before the server's clock was set back, and counts for nothing.
        """
        return self.filter(stopped_at=None, seen_at__range=(at - LAPSES_AFTER, at + LAPSES_AFTER))

    def lapsed(self, at: datetime) -> StreamQuerySet:
        """The rest, without those that were stopped."""
        return self.filter(stopped_at=None).exclude(seen_at__range=(at - LAPSES_AFTER, at + LAPSES_AFTER))


class Stream(models.Model):
    """A player's place among those that an account may use at once, held for as long as it shows signs of life.

    A stream stopped from another player is kept for a while: its player learns of it and gets no new addresses.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="streams", verbose_name=_("user"))
    player = models.CharField(max_length=64)  # a digest of the browser and of what its tab calls itself
    page = models.CharField(max_length=40)  # the tab's page that spoke last: a reload is a new one
    episode = models.ForeignKey(Episode, models.CASCADE, related_name="streams", verbose_name=_("episode"))
    user_agent = models.CharField(_("browser"), max_length=300, blank=True)
    began_at = models.DateTimeField(_("since"))
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
        """Whether the player has its place at that moment."""
        return self.stopped_at is None and abs(at - self.seen_at) <= LAPSES_AFTER
