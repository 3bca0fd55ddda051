"""Mails, text and HTML, in the reader's language. Called by the queue."""

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
    """Send `users/mail/<template>` to the address; `path` in the context is made a whole address.

    `known`: a browser that signed in to the account before asked for it.

    Raises OSError (smtplib's errors are OSErrors) when the server doesn't take it. A mailbox that was
    sent very much within the hour gets no more: what it has still works.
    """
    if not take(flood_limits(kind="mail", recipient=to, known=known)):
        deliver(template=template, to=to, language=language, **context)


def deliver(*, template: str, to: str, language: str, message_id: str = "", **context: Any) -> None:
    """As `send`, however many there are: for mails that nobody can have sent to somebody else.

    `message_id` (RFC 5322 §3.6.4) is the same for a mail that is sent again.
    """
    if path := context.pop("path", ""):
        context["link"] = f"{settings.SITE_URL}{path}"
    headers = {"Message-ID": message_id} if message_id else None
    with override(language or settings.LANGUAGE_CODE):
        context = {
            "site_url": settings.SITE_URL,
            "contact": settings.SITE_CONTACT,
            "language": language or settings.LANGUAGE_CODE,
            **context,
        }
        subject = render_to_string(f"users/mail/{template}_subject.txt", context).strip()
        text = render_to_string(f"users/mail/{template}.txt", context).strip() + "\n"
        text = re.sub(r"\n{3,}", "\n\n", text)  # what isn't said leaves no gap
        message = EmailMultiAlternatives(" ".join(subject.split()), text, to=[to], headers=headers)
        message.attach_alternative(render_to_string(f"users/mail/{template}.html", context), "text/html")
        message.send()
