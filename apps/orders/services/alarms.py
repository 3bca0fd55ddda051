"""What about money needs a person: an error in the log, and a mail to the address of the settings."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.mail import send_mail

from utils.tasks import enqueue

log = logging.getLogger(__name__)


def alarm(*, subject: str, text: str) -> None:
    """Tell the administrators. The queue mails it: a mail server that hangs holds no money up."""
    log.error("%s. %s", subject, text)
    if settings.MONEY_ALARMS_TO:
        enqueue("orders.mail_alarm", subject=subject, text=text)


def mail_alarm(*, subject: str, text: str) -> None:
    """What the queue does about `alarm`. Raises OSError."""
    send_mail(f"{settings.SITE_NAME}: {subject}", text, None, [settings.MONEY_ALARMS_TO])
