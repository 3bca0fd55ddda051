"""The audit log: administrative actions, and changes to how an account can be accessed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.users.models.accounts import User


class AccountEvent(models.TextChoices):
    """Audit actions about access to an account."""

    NEW_DEVICE = "account: new device", _("account · sign-in on a new device")
    RESET = "account: reset", _("account · password reset")
    REMOVED = "account: removed", _("account · sign-in method removed")
    ENDED = "account: ended", _("account · signed out everywhere else")


class AuditEntry(models.Model):
    """An admin request that changed something or tried to, or an AccountEvent. Append-only.

    When a member deletes the account, the entry stays but no longer identifies them.
    """

    at = models.DateTimeField(_("time"), db_index=True)
    actor = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="audit_entries", verbose_name=_("administrator")
    )
    actor_name = models.CharField(_("administrator name"), max_length=150)  # kept after the account is deleted
    address = models.CharField(_("address"), max_length=45, blank=True)
    path = models.CharField(_("page"), max_length=300)
    action = models.CharField(_("action"), max_length=100)  # name of the admin page, or of the list action
    details = models.TextField(_("details"), blank=True)
    status = models.PositiveSmallIntegerField(_("response status"))  # HTTP

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.path}"
