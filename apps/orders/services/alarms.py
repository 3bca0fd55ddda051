"""What about money needs a person: an error in the log, and a mail to the address of the settings."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.mail import send_mail

log = logging.getLogger(__name__)


def alarm(*, subject: str, text: str) -> None:
    """Tell the administrators. A mail that can't be sent stops nothing: the log has it."""
    log.error("%s. %s", subject, text)
    if not settings.MONEY_ALARMS_TO:
        return
    try:
        send_mail(f"{settings.SITE_NAME}: {subject}", text, None, [settings.MONEY_ALARMS_TO])
    except OSError:
        log.exception("The alarm wasn't mailed.")
