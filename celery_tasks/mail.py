"""The queue "mail": emails and text messages, retried with exponential backoff."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from celery import shared_task
from django.utils import timezone

from apps.orders import services as orders
from apps.users import services as users
from utils.sms import NotSent

# smtplib's errors are OSErrors. 5 s, 10 s, 20 s … up to ten minutes, for an hour and a half.
PATIENT: dict[str, Any] = {
    "autoretry_for": (OSError, NotSent),
    "retry_backoff": 5,
    "retry_backoff_max": 600,
    "retry_jitter": True,
    "max_retries": 14,
    "soft_time_limit": 90,  # seconds; each SMTP step times out after 20 s (EMAIL_TIMEOUT)
    "time_limit": 120,
}


@shared_task(name="accounts.send_activation", **PATIENT)
def send_activation(*, registration_id: int, **_: Any) -> None:
    users.registration.send_activation(registration_id=registration_id, at=timezone.now())


@shared_task(name="accounts.resend_activation", **PATIENT)
def resend_activation(*, email: str, own: Collection[int] = (), **_: Any) -> None:
    users.registration.resend_activation(email=email, own=own, at=timezone.now())


@shared_task(name="accounts.send_reset", **PATIENT)
def send_reset(*, asked: str, language: str = "", known: Collection[int] = (), **_: Any) -> None:
    users.passwords.send_reset(name=asked, language=language, known=known, at=timezone.now())


@shared_task(name="accounts.send_email_change", **PATIENT)
def send_email_change(*, user_id: int, email: str, **_: Any) -> None:
    users.contacts.send_email_change(user_id=user_id, email=email, at=timezone.now())


# The names on the queue stay when functions are renamed: messages of the version before may be waiting.
@shared_task(name="accounts.tell_old_address", **PATIENT)
def notify_old_address(*, user_id: int, email: str, **_: Any) -> None:
    users.contacts.notify_old_address(user_id=user_id, email=email)


@shared_task(name="accounts.tell", **PATIENT)
def notify(*, user_id: int, template: str, **_: Any) -> None:
    users.passwords.notify(user_id=user_id, template=template)


@shared_task(name="accounts.send_code", **PATIENT)
def send_code(*, code_id: int, language: str = "", known: Collection[int] = (), **_: Any) -> None:
    users.codes.send(code_id=code_id, language=language, known=known, at=timezone.now())


@shared_task(name="orders.mail_alarm", **PATIENT)
def mail_alarm(*, subject: str, text: str, **_: Any) -> None:
    orders.mail_alarm(subject=subject, text=text)


@shared_task(name="accounts.send_mail", soft_time_limit=90, time_limit=120)
def send_mail(*, mail_id: int, **_: Any) -> None:
    users.outgoing_mail.send(mail_id=mail_id, at=timezone.now())
