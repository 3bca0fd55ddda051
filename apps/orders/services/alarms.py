"""Alarms about money: an error in the log, and a mail to MONEY_ALARMS_TO."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.mail import send_mail

from utils.tasks import enqueue

log = logging.getLogger(__name__)


def alarm(*, subject: str, text: str) -> None:
    """Alert the administrators. The mail is enqueued, so that a hanging mail server doesn't delay payments."""
    log.error("%s. %s", subject, text)
    if settings.MONEY_ALARMS_TO:
        enqueue("orders.mail_alarm", subject=subject, text=text)


def mail_alarm(*, subject: str, text: str) -> None:
    """Send the mail that `alarm` enqueued. Raises OSError."""
    send_mail(f"{settings.SITE_NAME}: {subject}", text, None, [settings.MONEY_ALARMS_TO])
