"""Forgotten and changed passwords."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.urls import reverse

from apps.users import tokens
from apps.users.backends import find_user
from apps.users.models import AccountEvent, PhoneCode, User
from apps.users.services import audit, codes, credentials, devices, mailer
from apps.users.services.throttle import Client, message_limits, own_limits, spend
from apps.users.tokens import Purpose
from utils.tasks import enqueue


class WrongPassword(Exception):
    """The current password isn't that."""


def request_reset(*, name: str, language: str, client: Client) -> None:
    """Have a reset link mailed to whoever has that name. Who that is, the queue finds out. Raises Throttled."""
    spend(*message_limits(kind="reset", recipient=name, client=client))
    enqueue("accounts.send_reset", asked=name, language=language, known=list(client.devices))


def request_reset_code(*, phone: str, language: str, client: Client, at: datetime) -> PhoneCode:
    """Have a code sent to the phone, if it has an account. Raises Throttled."""
    spend(*message_limits(kind="reset", recipient=phone, client=client))
    return codes.issue(
        purpose=PhoneCode.Purpose.RESET, phone=phone, subject=None, language=language, at=at, known=client.devices
    )


def send_reset(*, name: str, language: str, known: Collection[int], at: datetime) -> None:
    """Mail the reset link, if the name has an account with an address.

    `known`: ids of the accounts that the browser signed in to before.
    """
    user = find_user(name)
    if user is None or not user.is_active or not user.email:
        return
    User.objects.filter(pk=user.pk).update(reset_mailed_at=at)
    token = tokens.make(Purpose.RESET, user, at=at)
    mailer.send(
        template="reset", to=user.email, language=user.language or language, name=user.username,
        path=reverse("users:reset", args=[token]), known=user.pk in known,
    )  # fmt: skip


def redeem_reset_code(*, code_id: int, code: str, at: datetime) -> str:
    """A reset token for the code. Raises CodeRefused, CodeSpent."""
    proved = codes.redeem(code_id=code_id, code=code, at=at)
    user = User.objects.filter(phone=proved.phone, is_active=True).first()
    if user is None:
        raise codes.CodeRefused
    return tokens.make(Purpose.RESET, user, at=at)


def find_reset(*, token: str, at: datetime) -> User:
    """The account a reset link is for. Raises TokenRefused."""
    return tokens.find(Purpose.RESET, token, User.objects.filter(is_active=True), at=at)[0]


@transaction.atomic
def reset(*, token: str, password: str, address: str, at: datetime) -> User:
    """Set the password and sign every device out. Raises TokenRefused, ValidationError.

    Whatever else opens the account stays, the second factor above all: who has read a mailbox gets past nothing. The
    owner looks through it when signed in (services.recovery).
    """
    user, _ = tokens.find(Purpose.RESET, token, User.objects.select_for_update().filter(is_active=True), at=at)
    validate_password(password, user)
    _set(user, make_password(password), at)
    devices.sign_out_all(user=user)
    audit.note(user=user, event=AccountEvent.RESET, address=address, path=reverse("users:forgot"), at=at)
    _notify(user)
    return user


def verify_current(*, user: User, password: str) -> None:
    """Make sure that it is the owner who sits there. Raises Throttled, WrongPassword."""
    if not user.has_usable_password():
        return  # signs in elsewhere and never had one
    spend(*own_limits(kind="password", user=user))
    if not user.check_password(password):
        raise WrongPassword


def change(*, user: User, old: str, new: str, at: datetime) -> None:
    """Set a new password; the caller keeps its own session.

    Raises Throttled, WrongPassword, ValidationError, CredentialsChanged.
    """
    verify_current(user=user, password=old)
    validate_password(new, user)
    fresh = make_password(new)
    with transaction.atomic():
        credentials.lock_account(user=user)
        _set(user, fresh, at)
        _notify(user)


def _set(user: User, password: str, at: datetime) -> None:
    """Store the hashed password. Links that were mailed die with the old one, so none is open any more."""
    user.password, user.password_changed_at = password, at
    user.new_email, user.new_email_asked_at, user.reset_mailed_at = "", None, None
    user.save(update_fields=["password", "password_changed_at", "new_email", "new_email_asked_at", "reset_mailed_at"])


def _notify(user: User) -> None:
    if user.email:
        enqueue("accounts.notify", user_id=user.pk, template="password_changed")


def notify(*, user_id: int, template: str) -> None:
    """Mail the user what happened to the account."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user and user.email:
        mailer.send(
            template=template, to=user.email, language=user.language, name=user.username, path=reverse("users:forgot")
        )
