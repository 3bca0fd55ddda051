"""A new e-mail or phone for an account: it counts once it is proved."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse

from apps.users import tokens
from apps.users.models import PhoneCode, User
from apps.users.services import codes, credentials, mails
from apps.users.services.throttle import own_limits, spend
from apps.users.tokens import Purpose
from utils.tasks import enqueue


class Taken(Exception):
    """Another account has it, proved."""


@transaction.atomic
def ask_email(*, user: User, email: str, at: datetime) -> None:
    """Have a link mailed to the new address; the link for one that was asked for before dies.

    Raises TryLater, proof.Outdated.
    """
    spend(*own_limits(kind="message", user=user))
    row = credentials.hold(user=user)
    row.new_email, row.new_email_asked_at = email, at
    row.save(update_fields=["new_email", "new_email_asked_at"])
    enqueue("accounts.send_email_change", user_id=user.pk, email=email)


def send_email_change(*, user_id: int, email: str, at: datetime) -> None:
    """Mail the link, or a word to who has the address already."""
    user = User.objects.filter(pk=user_id, is_active=True, new_email=email).first()
    if user is None:
        return
    owner = User.objects.filter(email=email, is_active=True).exclude(pk=user.pk).first()
    if owner:
        mails.send(
            template="known", to=email, language=owner.language, name=owner.username, path=reverse("users:forgot")
        )
        return
    token = tokens.make(Purpose.EMAIL, user, at=at, extra=email)
    mails.send(
        template="email", to=email, language=user.language, name=user.username,
        path=reverse("users:email", args=[token]),
    )  # fmt: skip


def find_changing(*, token: str, at: datetime) -> tuple[User, str]:
    """(account, new e-mail) a link is for. Raises TokenRefused."""
    return _find_changing(User.objects.filter(is_active=True), token, at)


def _find_changing(accounts: QuerySet[User], token: str, at: datetime) -> tuple[User, str]:
    user, email = tokens.find(Purpose.EMAIL, token, accounts, at=at)
    if email != user.new_email:
        raise tokens.TokenRefused  # taken back, or another was asked for since
    return user, email


def change_email(*, token: str, at: datetime) -> User:
    """Give the account the proved address and tell the old one. Raises TokenRefused, Taken."""
    try:
        with transaction.atomic():
            user, email = _find_changing(User.objects.select_for_update().filter(is_active=True), token, at)
            before = user.email
            user.email, user.email_verified_at = email, at
            user.new_email, user.new_email_asked_at, user.reset_mailed_at = "", None, None
            user.save(
                update_fields=["email", "email_verified_at", "new_email", "new_email_asked_at", "reset_mailed_at"]
            )
            if before and before != email:
                enqueue("accounts.tell_old_address", user_id=user.pk, email=before)
    except IntegrityError as error:
        raise Taken from error
    return user


def tell_old_address(*, user_id: int, email: str) -> None:
    """Say to the address an account had until now that it has another."""
    user = User.objects.filter(pk=user_id).first()
    if user:
        mails.send(
            template="email_changed", to=email, language=user.language, name=user.username,
            path=reverse("users:forgot"),
        )  # fmt: skip


def ask_phone(*, user: User, phone: str, at: datetime) -> PhoneCode:
    """Have a code sent to the new number. Raises TryLater."""
    spend(*own_limits(kind="message", user=user))
    return codes.issue(purpose=PhoneCode.Purpose.PHONE, phone=phone, subject=user.pk, language=user.language, at=at)


def change_phone(*, user: User, code_id: int, code: str, at: datetime) -> None:
    """Give the account the proved number. Raises CodeRefused, CodeSpent, Taken, proof.Outdated."""
    proved = codes.redeem(code_id=code_id, code=code, at=at)
    if proved.subject != user.pk:
        raise codes.CodeRefused
    try:
        with transaction.atomic():
            credentials.hold(user=user)
            user.phone, user.phone_verified_at = proved.phone, at
            user.save(update_fields=["phone", "phone_verified_at"])
    except IntegrityError as error:
        raise Taken from error
