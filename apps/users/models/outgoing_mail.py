"""Emails about account events, stored in the same transaction as the event (transactional outbox)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class OutgoingMail(models.Model):
    """An email stored with the event it reports, sent once, and retried until it is sent."""

    class Kind(models.TextChoices):
        """The event; also the name of the email template."""

        PAID = "paid", _("paid")
        REFUNDED = "refunded", _("refunded")
        ENDING = "ending", _("membership ends soon")
        ENDED = "ended", _("membership ended")
        SIGN_IN = "sign_in", _("sign-in on a new device")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="outgoing_mails", verbose_name=_("user")
    )
    kind = models.CharField(_("type"), max_length=8, choices=Kind)
    reference = models.CharField(_("reference"), max_length=64)  # identifies the event: one email per event
    context = models.JSONField(_("content"))  # JSON values for the template
    created_at = models.DateTimeField(_("created at"), db_index=True)
    due_at = models.DateTimeField(_("next attempt at"))  # the worker that advances it is the one that sends
    sent_at = models.DateTimeField(_("sent at"), null=True)

    class Meta:
        verbose_name = _("outgoing email")
        verbose_name_plural = _("outgoing emails")
        indexes = [models.Index(fields=["sent_at", "due_at"])]
        constraints = [models.UniqueConstraint(fields=["kind", "reference"], name="outgoing_mail_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"
