"""What administrators did."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.users.models.accounts import User


class AuditEntry(models.Model):
    """One request that changed something, or tried to, in the administration. Only ever added to."""

    at = models.DateTimeField(_("at"), db_index=True)
    actor = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="audit_entries", verbose_name=_("administrator")
    )
    actor_name = models.CharField(_("administrator's name"), max_length=150)  # outlives the account
    address = models.CharField(_("address"), max_length=45, blank=True)
    path = models.CharField(_("page"), max_length=300)
    action = models.CharField(_("action"), max_length=100)  # the page's name, or the list action's
    details = models.TextField(_("details"), blank=True)
    status = models.PositiveSmallIntegerField(_("answer"))  # HTTP

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.path}"
