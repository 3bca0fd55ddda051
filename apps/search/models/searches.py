"""Hot searches of the whole site, words banned from them, and each account's recent searches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import log2

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

LONGEST = 60  # characters of a query that count
HALF_LIFE = timedelta(days=3)  # after which a viewer counts half
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
FEWEST = 3.0  # viewers, decayed, below which a text isn't shown: it might be personal


def weight_at(at: datetime) -> float:
    """The heat of one viewer who searched then: the half-lives since EPOCH.

    Weights grow with time instead of shrinking, so that rows needn't be touched to decay ("forward decay", Cormode et
    al. 2009). Kept as a logarithm to base 2: the weights themselves would overflow after a few years.
    """
    return (at - EPOCH) / HALF_LIFE


class HotSearchQuerySet(models.QuerySet["HotSearch"]):
    def shown(self, at: datetime) -> HotSearchQuerySet:
        """What viewers see: pinned texts in their order, then texts with enough viewers, hottest first."""
        hot = Q(place=None, finds=True, heat__gte=weight_at(at) + log2(FEWEST))
        return self.filter(hot | Q(place__isnull=False), banned=False).order_by(
            F("place").asc(nulls_last=True), "-heat", "pk"
        )


class HotSearch(models.Model):
    """A text that viewers search for."""

    folded = models.CharField(max_length=LONGEST, unique=True, editable=False)
    text = models.CharField(_("text"), max_length=LONGEST)
    # log2 of the viewers who searched for it, each weighed by `weight_at`
    heat = models.FloatField(_("heat"), default=0, db_index=True, editable=False)
    place = models.PositiveSmallIntegerField(
        _("pinned position"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("Position above all other trending searches, from 1. Leave empty to rank by viewers."),
    )  # fmt: skip
    finds = models.BooleanField(_("has results"), default=True, editable=False)
    banned = models.BooleanField(_("banned"), default=False, editable=False)  # it contains a banned word

    objects = HotSearchQuerySet.as_manager()

    class Meta:
        verbose_name = _("trending search")
        verbose_name_plural = _("trending searches")

    def __str__(self) -> str:
        return self.text

    def is_shown(self, at: datetime) -> bool:
        """Whether `shown` holds."""
        return not self.banned and (self.place is not None or (self.finds and self.viewers(at) >= FEWEST))

    def viewers(self, at: datetime) -> float:
        """The decayed number of viewers who searched for it."""
        return float(2.0 ** (self.heat - weight_at(at)))


class BannedWord(models.Model):
    """A word that no hot search contains, in whatever spelling."""

    folded = models.CharField(max_length=LONGEST, unique=True, editable=False)
    text = models.CharField(_("word"), max_length=LONGEST)

    class Meta:
        verbose_name = _("banned word")
        verbose_name_plural = _("banned words")
        ordering = ["text"]

    def __str__(self) -> str:
        return self.text


class RecentSearch(models.Model):
    """A text that an account searched for; the newest few are kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="searches", verbose_name=_("user"))
    folded = models.CharField(max_length=LONGEST)
    text = models.CharField(_("text"), max_length=LONGEST)
    searched_at = models.DateTimeField(_("searched at"))

    class Meta:
        verbose_name = _("recent search")
        verbose_name_plural = _("recent searches")
        constraints = [models.UniqueConstraint(fields=["user", "folded"], name="recent_search_once")]
        indexes = [models.Index(fields=["user", "-searched_at"])]

    def __str__(self) -> str:
        return self.text
