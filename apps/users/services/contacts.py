"""Changing the email or phone number; the change takes effect once the new one is verified."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse

from apps.users import tokens
from apps.users.models import PhoneCode, User
from apps.users.services import codes, credentials, mailer
from apps.users.services.throttle import own_limits, spend
from apps.users.tokens import Purpose
from utils.tasks import enqueue


class AlreadyTaken(Exception):
    """Another account has verified it already."""


@transaction.atomic
def request_email_change(*, user: User, email: str, at: datetime) -> None:
    """Email a confirmation link to the new address; links from earlier requests become invalid.

    Raises Throttled, CredentialsChanged.
    """
    spend(*own_limits(kind="message", user=user))
    row = credentials.lock_account(user=user)
    row.new_email, row.new_email_asked_at = email, at
    row.save(update_fields=["new_email", "new_email_asked_at"])
    enqueue("accounts.send_email_change", user_id=user.pk, email=email)


def send_email_change(*, user_id: int, email: str, at: datetime) -> None:
    """Send the confirmation link, or a notice if the address already has an account."""
    user = User.objects.filter(pk=user_id, is_active=True, new_email=email).first()
    if user is None:
        return
    owner = User.objects.filter(email=email, is_active=True).exclude(pk=user.pk).first()
    if owner:
        mailer.send(
            template="known", to=email, language=owner.language, name=owner.username, path=reverse("users:forgot")
        )
        return
    token = tokens.make(Purpose.EMAIL, user, at=at, extra=email)
    mailer.send(
        template="email", to=email, language=user.language, name=user.username,
        path=reverse("users:email", args=[token]),
    )  # fmt: skip


def find_email_change(*, token: str, at: datetime) -> tuple[User, str]:
    """(account, new email) of a confirmation link. Raises TokenRefused."""
    return _find_email_change(User.objects.filter(is_active=True), token, at)


def _find_email_change(accounts: QuerySet[User], token: str, at: datetime) -> tuple[User, str]:
    user, email = tokens.find(Purpose.EMAIL, token, accounts, at=at)
    if email != user.new_email:
        raise tokens.TokenRefused  # cancelled, or replaced by a later request
    return user, email


def change_email(*, token: str, at: datetime) -> User:
    """Set the verified email and notify the old address. Raises TokenRefused, AlreadyTaken."""
    try:
        with transaction.atomic():
            user, email = _find_email_change(User.objects.select_for_update().filter(is_active=True), token, at)
            before = user.email
            user.email, user.email_verified_at = email, at
            user.new_email, user.new_email_asked_at, user.reset_mailed_at = "", None, None
            user.save(
                update_fields=["email", "email_verified_at", "new_email", "new_email_asked_at", "reset_mailed_at"]
            )
            if before and before != email:
                enqueue("accounts.tell_old_address", user_id=user.pk, email=before)
    except IntegrityError as error:
        raise AlreadyTaken from error
    return user


def notify_old_address(*, user_id: int, email: str) -> None:
    """Notify the previous address that the account's email was changed."""
    user = User.objects.filter(pk=user_id).first()
    if user:
        mailer.send(
            template="email_changed", to=email, language=user.language, name=user.username,
            path=reverse("users:forgot"),
        )  # fmt: skip


def request_phone_change(*, user: User, phone: str, at: datetime) -> PhoneCode:
    """Send a code to the new number. Raises Throttled."""
    spend(*own_limits(kind="message", user=user))
    return codes.issue(purpose=PhoneCode.Purpose.PHONE, phone=phone, subject=user.pk, language=user.language, at=at)


def change_phone(*, user: User, code_id: int, code: str, at: datetime) -> None:
    """Set the verified phone number. Raises CodeRefused, CodeSpent, AlreadyTaken, CredentialsChanged."""
    proved = codes.redeem(code_id=code_id, code=code, at=at)
    if proved.subject != user.pk:
        raise codes.CodeRefused
    try:
        with transaction.atomic():
            credentials.lock_account(user=user)
            user.phone, user.phone_verified_at = proved.phone, at
            user.save(update_fields=["phone", "phone_verified_at"])
    except IntegrityError as error:
        raise AlreadyTaken from error
