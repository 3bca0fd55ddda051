"""Reviewing everything that can access an account, and revoking it.

Revoking a sign-in method also signs out the other browsers, since one of them may have used it. The account row is
locked, so that a concurrent sign-in either fails or its session is ended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import get_random_string

from apps.users.models import AccountEvent, Device, Identity, KnownBrowser, PhoneCode, RecoveryCode, SecondFactor, User
from apps.users.services import audit, credentials, devices, known_browsers, second_factor
from apps.users.tokens import Purpose
from utils.tasks import enqueue


class LastSignInMethod(Exception):
    """It is the account's only sign-in method."""


class LastRecoveryContact(Exception):
    """It is the only contact through which a forgotten password can be reset."""


@dataclass(frozen=True)
class OpenLink:
    """A pending link or code: `kind` is email, reset or code, `to` the recipient."""

    kind: str
    to: str
    sent_at: datetime


@dataclass(frozen=True)
class SignInMethods:
    """Everything that can access an account."""

    identities: list[Identity]
    factor: SecondFactor | None
    codes_left: int  # recovery codes
    devices: list[Device]
    browsers: list[KnownBrowser]
    links: list[OpenLink]


@dataclass(frozen=True)
class Owner:
    """The acting account, its request and client address."""

    user: User
    request: HttpRequest
    address: str


def sign_in_methods(*, user: User, at: datetime) -> SignInMethods:
    """Everything that can access the account besides its password, email and phone number."""
    factor = SecondFactor.objects.filter(user=user).exclude(confirmed_at=None).first()
    return SignInMethods(
        identities=list(Identity.objects.filter(user=user).order_by("created_at")),
        factor=factor,
        codes_left=RecoveryCode.objects.filter(user=user, used_at=None).count() if factor else 0,
        devices=list(Device.objects.filter(user=user).signed_in(at=at)),
        browsers=list(KnownBrowser.objects.filter(user=user).order_by("-last_at")),
        links=_open_links(user, at),
    )


def _open_links(user: User, at: datetime) -> list[OpenLink]:
    links = []
    if user.new_email_asked_at and user.new_email_asked_at > at - Purpose.EMAIL.lives:
        links.append(OpenLink("email", user.new_email, user.new_email_asked_at))
    if user.reset_mailed_at and user.reset_mailed_at > at - Purpose.RESET.lives:
        links.append(OpenLink("reset", user.email or "", user.reset_mailed_at))
    codes = _codes(user).filter(used_at=None, expires_at__gt=at).exclude(digest="").order_by("-created_at")
    links += [OpenLink("code", code.phone, code.created_at) for code in codes]
    return links


def _codes(user: User) -> QuerySet[PhoneCode]:
    mine = Q(purpose=PhoneCode.Purpose.PHONE, subject=user.pk)
    if user.phone:
        mine |= Q(purpose=PhoneCode.Purpose.RESET, phone=user.phone)
    return PhoneCode.objects.filter(mine)


CHANGED = [
    "stamp", "password", "password_changed_at", "email", "email_verified_at", "phone", "phone_verified_at", "new_email",
    "new_email_asked_at", "reset_mailed_at",
]  # fmt: skip


@contextmanager
def _revoking(owner: Owner, what: str, at: datetime, event: AccountEvent = AccountEvent.REMOVED) -> Iterator[User]:
    """Lock the row for a change; afterwards all pending links are invalid and all other sessions ended."""
    with transaction.atomic():
        row = credentials.lock_account(user=owner.user)
        _codes(row).delete()
        yield row
        row.stamp = get_random_string(32)
        row.new_email, row.new_email_asked_at, row.reset_mailed_at = "", None, None
        row.save(update_fields=CHANGED)
        audit.note(user=row, event=event, address=owner.address, path=reverse("users:recovery"), details=what, at=at)
        devices.keep_current(request=owner.request, user=row)


def remove_identity(*, owner: Owner, provider: str, at: datetime) -> None:
    """Unlink the provider. Raises LastSignInMethod, CredentialsChanged."""
    with _revoking(owner, f"identity: {provider}", at) as row:
        Identity.objects.filter(user=row, provider=provider).delete()
        if not row.has_usable_password():
            raise LastSignInMethod


def remove_password(*, owner: Owner, providers: Collection[str], at: datetime) -> None:
    """Remove the password; one of the site's `providers` (keys) must remain.

    Raises LastSignInMethod, CredentialsChanged.
    """
    with _revoking(owner, "password", at) as row:
        if not Identity.objects.filter(user=row, provider__in=providers).exists():
            raise LastSignInMethod
        row.password, row.password_changed_at = make_password(None), at


def remove_phone(*, owner: Owner, at: datetime) -> None:
    """Remove the phone number. Raises LastRecoveryContact, CredentialsChanged."""
    with _revoking(owner, "phone", at) as row:
        if not row.email:
            raise LastRecoveryContact
        row.phone = row.phone_verified_at = None


def remove_email(*, owner: Owner, at: datetime) -> None:
    """Remove the email and notify it. Raises LastRecoveryContact, CredentialsChanged."""
    with _revoking(owner, "e-mail", at) as row:
        if not row.phone:
            raise LastRecoveryContact
        if row.email:
            enqueue("accounts.tell_old_address", user_id=row.pk, email=row.email)
        row.email = row.email_verified_at = None


def remove_second_factor(*, owner: Owner, at: datetime) -> None:
    """Turn two-step verification off. Raises CredentialsChanged."""
    with _revoking(owner, "two-step sign-in", at) as row:
        second_factor.turn_off(user=row)


def cancel_links(*, owner: Owner, at: datetime) -> None:
    """Invalidate all pending links and codes. Raises CredentialsChanged."""
    with _revoking(owner, "links", at):
        pass


def forget_browser(*, owner: Owner, browser_id: int, at: datetime) -> None:
    """Forget the browser and sign out the other sessions. Raises CredentialsChanged."""
    with _revoking(owner, "browser", at) as row:
        known_browsers.forget(user=row, browser_id=browser_id)


def sign_out_everywhere_else(*, owner: Owner, browser: str, at: datetime) -> None:
    """End every session and forget every browser but this one. Raises CredentialsChanged."""
    with _revoking(owner, "", at, AccountEvent.ENDED) as row:
        known_browsers.forget_others(user=row, keep=browser)
