"""Mails, text and HTML, in the reader's language. Called by the queue."""

from __future__ import annotations

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
    if take(flood_limits(kind="mail", recipient=to, known=known)):
        return
    if path := context.pop("path", ""):
        context["link"] = f"{settings.SITE_URL}{path}"
    with override(language or settings.LANGUAGE_CODE):
        context = {"site_url": settings.SITE_URL, "language": language or settings.LANGUAGE_CODE, **context}
        subject = render_to_string(f"users/mail/{template}_subject.txt", context).strip()
        text = render_to_string(f"users/mail/{template}.txt", context).strip() + "\n"
        message = EmailMultiAlternatives(" ".join(subject.split()), text, to=[to])
        message.attach_alternative(render_to_string(f"users/mail/{template}.html", context), "text/html")
        message.send()
