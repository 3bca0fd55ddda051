"""Signing up. The account is created when its email or phone number is verified.

Every request does the same work, one row and one task, and gets the same response, so that it doesn't reveal whether
an address has an account.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.users import tokens
from apps.users.identifiers import LONGEST, normalize_username
from apps.users.models import PhoneCode, Registration, User
from apps.users.services import codes, mailer
from apps.users.services.throttle import Client, message_limits, spend
from apps.users.tokens import Purpose
from utils.tasks import enqueue

KEPT = timedelta(days=7)  # retention of unfinished sign-ups
TRIES = 8  # attempts to find a free username


class AlreadyRegistered(Exception):
    """The address has had an account since."""


@transaction.atomic
def register(
    *, username: str, email: str, phone: str, password: str, language: str, client: Client, at: datetime
) -> Registration:
    """Start a sign-up by email or, without one, by phone. Inputs are normalized. Raises Throttled."""
    spend(*message_limits(kind="register", recipient=email or phone, client=client))
    row = Registration.objects.create(
        username=username, email=email, phone="" if email else phone, password=make_password(password),
        language=language, created_at=at,
    )  # fmt: skip
    if email:
        enqueue("accounts.send_activation", registration_id=row.pk)
    return row


def send_code(*, registration: Registration, at: datetime) -> PhoneCode:
    """Send a code to the registration's phone."""
    return codes.issue(
        purpose=PhoneCode.Purpose.REGISTER, phone=registration.phone, subject=registration.pk,
        language=registration.language, at=at,
    )  # fmt: skip


def send_activation(*, registration_id: int, at: datetime) -> None:
    """Send the activation link, or a notice if the address already has an account."""
    row = Registration.objects.filter(pk=registration_id, used_at=None).first()
    if row is None:
        return
    owner = User.objects.filter(email=row.email, is_active=True).first()
    if owner:
        mailer.send(
            template="known", to=row.email, language=owner.language or row.language, name=owner.username,
            path=reverse("users:forgot"),
        )  # fmt: skip
        return
    token = tokens.make(Purpose.ACTIVATE, row, at=at)
    mailer.send(
        template="activate", to=row.email, language=row.language, name=row.username,
        path=reverse("users:activate", args=[token]),
    )  # fmt: skip


def request_resend(*, email: str, own: Collection[int], client: Client) -> None:
    """Queue the activation email again for one of the browser's `own` sign-ups (ids). Raises Throttled."""
    spend(*message_limits(kind="register", recipient=email, client=client))
    enqueue("accounts.resend_activation", email=email, own=list(own))


def resend_activation(*, email: str, own: Collection[int], at: datetime) -> None:
    """Resend the email of the newest pending sign-up among the browser's own.

    Never of another browser's sign-up: its link would create an account with a password that someone else chose.
    """
    waiting = Registration.objects.filter(pk__in=own, email=email, used_at=None, created_at__gt=at - KEPT)
    if row := waiting.order_by("-pk").first():
        send_activation(registration_id=row.pk, at=at)


def find_pending(*, token: str, at: datetime) -> Registration:
    """The pending sign-up of an activation link. Raises TokenRefused."""
    return tokens.find(Purpose.ACTIVATE, token, Registration.objects.all(), at=at)[0]


@transaction.atomic
def activate(*, token: str, at: datetime) -> User:
    """Create the account of an activation link. Raises TokenRefused, AlreadyRegistered."""
    row = find_pending(token=token, at=at)
    return _make_account(row.pk, at)


def activate_by_code(*, code_id: int, code: str, at: datetime) -> User:
    """Create the account whose phone the code was sent to.

    Raises CodeRefused, CodeSpent, AlreadyRegistered, TokenRefused.
    """
    proved = codes.redeem(code_id=code_id, code=code, at=at)
    with transaction.atomic():
        return _make_account(proved.subject or 0, at)


def _make_account(registration_id: int, at: datetime) -> User:
    row = Registration.objects.select_for_update().get(pk=registration_id)
    if not Registration.objects.filter(pk=row.pk, used_at=None).update(used_at=at):
        raise tokens.TokenRefused  # another request was first
    names = {"email": row.email} if row.email else {"phone": row.phone}
    if User.objects.filter(**names).exists():
        raise AlreadyRegistered
    user = User(
        nickname=row.username, password=row.password, language=row.language, date_joined=at,
        email=row.email or None, email_verified_at=at if row.email else None,
        phone=row.phone or None, phone_verified_at=at if row.phone else None,
    )  # fmt: skip
    return save_under_free_name(user, row.username)


def save_under_free_name(user: User, wanted: str) -> User:
    """Save the new account under the wanted username, with a numeric suffix if that is confusable with another.

    Raises AlreadyRegistered.
    """
    base = normalize_username(wanted)
    for attempt in range(TRIES):
        user.username = base if attempt == 0 else f"{base[: LONGEST - 4]}{secrets.randbelow(9000) + 1000}"
        if User.objects.confusable_with(user.username).exists():
            continue
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError:
            continue  # taken meanwhile
        return user
    raise AlreadyRegistered
