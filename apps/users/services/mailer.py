"""Renders and sends emails, text and HTML, in the recipient's language. Called by the queue."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import override

from apps.users.services.throttle import flood_limits
from utils.ratelimit import take


def send(*, template: str, to: str, language: str, known: bool = False, **context: Any) -> None:
    """Send `users/mail/<template>` to the address; `path` in the context becomes the absolute `link`.

    `known`: the request came from a browser that signed in to the account before.

    Raises OSError (smtplib's errors are OSErrors) when the server rejects it. Beyond an hourly limit per mailbox
    nothing is sent; links sent earlier keep working.
    """
    if not take(flood_limits(kind="mail", recipient=to, known=known)):
        deliver(template=template, to=to, language=language, **context)


def deliver(*, template: str, to: str, language: str, message_id: str = "", **context: Any) -> None:
    """Like `send` without the limit, for emails that a third party can't trigger.

    `message_id` (RFC 5322 §3.6.4) stays the same when an email is sent again.
    """
    if path := context.pop("path", ""):
        context["link"] = f"{settings.SITE_URL}{path}"
    headers = {"Message-ID": message_id} if message_id else None
    with override(language or settings.LANGUAGE_CODE):
        context = {
            "site_name": settings.SITE_NAME,
            "site_url": settings.SITE_URL,
            "contact": settings.SITE_CONTACT,
            "language": language or settings.LANGUAGE_CODE,
            **context,
        }
        subject = render_to_string(f"users/mail/{template}_subject.txt", context).strip()
        text = render_to_string(f"users/mail/{template}.txt", context).strip() + "\n"
        text = re.sub(r"\n{3,}", "\n\n", text)  # omitted sections leave no blank lines
        message = EmailMultiAlternatives(" ".join(subject.split()), text, to=[to], headers=headers)
        message.attach_alternative(render_to_string(f"users/mail/{template}.html", context), "text/html")
        message.send()
