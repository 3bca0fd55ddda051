"""Site announcements."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from utils.periods import check_order


class NoticeQuerySet(models.QuerySet["Notice"]):
    def shown(self, at: datetime) -> NoticeQuerySet:
        """Notices visible at that moment, pinned ones first, then newest first."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at).order_by("-pinned", "-starts_at")


class Notice(models.Model):
    """An announcement to all visitors, visible during `[starts_at, ends_at)`."""

    title = models.CharField(_("title"), max_length=100)
    body = models.TextField(_("text"), blank=True)
    pinned = models.BooleanField(_("pinned"), default=False)
    starts_at = models.DateTimeField(_("shown from"), default=timezone.now, db_index=True)
    ends_at = models.DateTimeField(_("shown until"), null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        ordering = ["-starts_at"]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        check_order(starts_at=self.starts_at, ends_at=self.ends_at)
