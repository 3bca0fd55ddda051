"""What administrators did, and what opens an account or no longer does."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.users.models.accounts import User


class AccountEvent(models.TextChoices):
    """What became of the ways into an account, as an action of the log."""

    NEW_DEVICE = "account: new device", _("account · sign-in on a new device")
    RESET = "account: reset", _("account · password reset")
    REMOVED = "account: removed", _("account · sign-in method removed")
    ENDED = "account: ended", _("account · signed out everywhere else")


class AuditEntry(models.Model):
    """One request that changed something, or tried to, in the administration, or an AccountEvent. Only ever added to.

    Of a member who left only that it happened is kept.
    """

    at = models.DateTimeField(_("at"), db_index=True)
    actor = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="audit_entries", verbose_name=_("administrator")
    )
    actor_name = models.CharField(_("administrator name"), max_length=150)  # outlives the account
    address = models.CharField(_("address"), max_length=45, blank=True)
    path = models.CharField(_("page"), max_length=300)
    action = models.CharField(_("action"), max_length=100)  # the page's name, or the list action's
    details = models.TextField(_("details"), blank=True)
    status = models.PositiveSmallIntegerField(_("response status"))  # HTTP

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.path}"
