"""Verification codes by SMS: stored as keyed hashes, expiring, with a limited number of guesses."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.users.models import PhoneCode, User
from apps.users.services.throttle import Client, flood_limits, message_limits, spend
from utils import sms
from utils.hashing import hash_matches, keyed_hash
from utils.ratelimit import take
from utils.tasks import enqueue

LIVES = timedelta(minutes=10)
GUESSES = 5
DIGITS = 6


class CodeRefused(Exception):
    """The code is incorrect."""


class CodeSpent(Exception):
    """The code is expired, used, or was guessed too often; a new one is needed."""


def issue(
    *, purpose: str, phone: str, subject: int | None, language: str, at: datetime, known: Iterable[int] = ()
) -> PhoneCode:
    """Queue a code for the phone. The worker decides whether one is sent, so the response reveals nothing.

    `known`: ids of the accounts that the browser signed in to before.
    """
    row = PhoneCode.objects.create(phone=phone, purpose=purpose, subject=subject, created_at=at, expires_at=at + LIVES)
    enqueue("accounts.send_code", code_id=row.pk, language=language, known=list(known))
    return row


def resend(*, code: PhoneCode, client: Client, language: str, at: datetime) -> PhoneCode:
    """Send another code for the same purpose. Raises Throttled."""
    spend(*message_limits(kind="code", recipient=code.phone, client=client))
    return issue(
        purpose=code.purpose, phone=code.phone, subject=code.subject, language=language, at=at, known=client.devices
    )


def send(*, code_id: int, language: str, known: Collection[int], at: datetime) -> None:
    """Generate and send the code; a retry replaces it. Raises sms.NotSent."""
    row = PhoneCode.objects.filter(pk=code_id, used_at=None, expires_at__gt=at).first()
    if row is None:
        return
    owner = User.objects.filter(phone=row.phone, is_active=True).first()
    if take(flood_limits(kind="sms", recipient=row.phone, known=bool(owner and owner.pk in known))):
        return
    with override(language or settings.LANGUAGE_CODE):
        if row.purpose == PhoneCode.Purpose.RESET and owner is None:
            return  # no account to reset
        if row.purpose != PhoneCode.Purpose.RESET and owner:
            text = _("%(site)s: This number already has an account. Sign in with it or reset your password.") % {
                "site": settings.SITE_NAME
            }
        else:
            code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
            PhoneCode.objects.filter(pk=row.pk, used_at=None).update(digest=keyed_hash(_hashed(row.pk, code)))
            text = _(
                "%(site)s: Your verification code is %(code)s. It expires in %(minutes)s minutes. Don't share it with"
                " anyone."
            ) % {
                "site": settings.SITE_NAME,
                "code": code,
                "minutes": LIVES.seconds // 60,
            }
        sms.send(phone=row.phone, text=text)


def redeem(*, code_id: int, code: str, at: datetime) -> PhoneCode:
    """Redeem the code. The attempt is counted before the comparison. Raises CodeRefused, CodeSpent."""
    rows = PhoneCode.objects.filter(pk=code_id, used_at=None)
    if not rows.filter(expires_at__gt=at, attempts__lt=GUESSES).update(attempts=F("attempts") + 1):
        raise CodeSpent
    row = rows.get()
    typed = "".join(unicodedata.normalize("NFKC", code).split())
    if not row.digest or not hash_matches(_hashed(row.pk, typed), row.digest):
        raise CodeRefused
    if not rows.filter(digest=row.digest).update(used_at=at):
        raise CodeSpent  # another request redeemed it first
    return row


def _hashed(pk: int, code: str) -> str:
    return f"phone-code:{pk}:{code}"
