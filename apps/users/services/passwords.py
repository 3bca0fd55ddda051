"""Password resets and changes."""

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
    """The current password is incorrect."""


def request_reset(*, name: str, language: str, client: Client) -> None:
    """Queue a reset link for the account with that name; the worker looks the account up. Raises Throttled."""
    spend(*message_limits(kind="reset", recipient=name, client=client))
    enqueue("accounts.send_reset", asked=name, language=language, known=list(client.devices))


def request_reset_code(*, phone: str, language: str, client: Client, at: datetime) -> PhoneCode:
    """Queue a reset code for the phone, sent if it has an account. Raises Throttled."""
    spend(*message_limits(kind="reset", recipient=phone, client=client))
    return codes.issue(
        purpose=PhoneCode.Purpose.RESET, phone=phone, subject=None, language=language, at=at, known=client.devices
    )


def send_reset(*, name: str, language: str, known: Collection[int], at: datetime) -> None:
    """Email the reset link, if there is such an account and it has an email.

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
    """Exchange the code for a reset token. Raises CodeRefused, CodeSpent."""
    proved = codes.redeem(code_id=code_id, code=code, at=at)
    user = User.objects.filter(phone=proved.phone, is_active=True).first()
    if user is None:
        raise codes.CodeRefused
    return tokens.make(Purpose.RESET, user, at=at)


def find_reset(*, token: str, at: datetime) -> User:
    """The account of a reset link. Raises TokenRefused."""
    return tokens.find(Purpose.RESET, token, User.objects.filter(is_active=True), at=at)[0]


@transaction.atomic
def reset(*, token: str, password: str, address: str, at: datetime) -> User:
    """Set the password and sign out every device. Raises TokenRefused, ValidationError.

    Other sign-in methods stay, the second factor above all, so that access to a mailbox alone isn't enough. The owner
    reviews them after signing in (services.recovery).
    """
    user, _ = tokens.find(Purpose.RESET, token, User.objects.select_for_update().filter(is_active=True), at=at)
    validate_password(password, user)
    _set(user, make_password(password), at)
    devices.sign_out_all(user=user)
    audit.note(user=user, event=AccountEvent.RESET, address=address, path=reverse("users:forgot"), at=at)
    _notify(user)
    return user


def verify_current(*, user: User, password: str) -> None:
    """Verify the current password. Raises Throttled, WrongPassword."""
    if not user.has_usable_password():
        return  # signs in through a provider and has no password
    spend(*own_limits(kind="password", user=user))
    if not user.check_password(password):
        raise WrongPassword


def change(*, user: User, old: str, new: str, at: datetime) -> None:
    """Change the password; the caller keeps its own session.

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
    """Store the hashed password. Emailed links become invalid with the old password, so none is pending."""
    user.password, user.password_changed_at = password, at
    user.new_email, user.new_email_asked_at, user.reset_mailed_at = "", None, None
    user.save(update_fields=["password", "password_changed_at", "new_email", "new_email_asked_at", "reset_mailed_at"])


def _notify(user: User) -> None:
    if user.email:
        enqueue("accounts.tell", user_id=user.pk, template="password_changed")


def notify(*, user_id: int, template: str) -> None:
    """Email the user about a change to the account."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user and user.email:
        mailer.send(
            template=template, to=user.email, language=user.language, name=user.username, path=reverse("users:forgot")
        )
