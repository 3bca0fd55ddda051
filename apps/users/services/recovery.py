"""Every way into an account, and taking each of them back.

Whoever takes one back signs the other browsers out: who came in by it is among them. The row is locked, so that of a
removal and a sign-in at once one comes first: what was removed opens nothing, what came in before is put out.
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
    """Without it nobody could sign in to the account any more."""


class LastRecoveryContact(Exception):
    """Without it nobody who forgot the password could have it reset."""


@dataclass(frozen=True)
class OpenLink:
    """A link or code that was sent and still works: `kind` is email, reset or code, `to` where it went."""

    kind: str
    to: str
    sent_at: datetime


@dataclass(frozen=True)
class SignInMethods:
    """All that opens an account."""

    identities: list[Identity]
    factor: SecondFactor | None
    codes_left: int  # recovery codes
    devices: list[Device]
    browsers: list[KnownBrowser]
    links: list[OpenLink]


@dataclass(frozen=True)
class Owner:
    """Who takes a way back: the account in the browser that sent the request, and where from."""

    user: User
    request: HttpRequest
    address: str


def sign_in_methods(*, user: User, at: datetime) -> SignInMethods:
    """What opens the account besides its password, e-mail and phone."""
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
def _taking_back(owner: Owner, what: str, at: datetime, event: AccountEvent = AccountEvent.REMOVED) -> Iterator[User]:
    """The locked row to take something from. Then every link is dead, and every session but the owner's has ended."""
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
    """Let the provider's person in no more. Raises LastSignInMethod, CredentialsChanged."""
    with _taking_back(owner, f"identity: {provider}", at) as row:
        Identity.objects.filter(user=row, provider=provider).delete()
        if not row.has_usable_password():
            raise LastSignInMethod


def remove_password(*, owner: Owner, providers: Collection[str], at: datetime) -> None:
    """Sign in through one of the site's `providers` (keys) only. Raises LastSignInMethod, CredentialsChanged."""
    with _taking_back(owner, "password", at) as row:
        if not Identity.objects.filter(user=row, provider__in=providers).exists():
            raise LastSignInMethod
        row.password, row.password_changed_at = make_password(None), at


def remove_phone(*, owner: Owner, at: datetime) -> None:
    """Neither sign in nor reset the password by it. Raises LastRecoveryContact, CredentialsChanged."""
    with _taking_back(owner, "phone", at) as row:
        if not row.email:
            raise LastRecoveryContact
        row.phone = row.phone_verified_at = None


def remove_email(*, owner: Owner, at: datetime) -> None:
    """Neither sign in nor reset the password by it, and tell it so. Raises LastRecoveryContact, CredentialsChanged."""
    with _taking_back(owner, "e-mail", at) as row:
        if not row.phone:
            raise LastRecoveryContact
        if row.email:
            enqueue("accounts.notify_old_address", user_id=row.pk, email=row.email)
        row.email = row.email_verified_at = None


def remove_second_factor(*, owner: Owner, at: datetime) -> None:
    """Ask for no code any more. Raises CredentialsChanged."""
    with _taking_back(owner, "two-step sign-in", at) as row:
        second_factor.turn_off(user=row)


def cancel_links(*, owner: Owner, at: datetime) -> None:
    """Let no link or code that was sent do anything any more. Raises CredentialsChanged."""
    with _taking_back(owner, "links", at):
        pass


def forget_browser(*, owner: Owner, browser_id: int, at: datetime) -> None:
    """Take the browser for a stranger, and sign out what may have come in by it. Raises CredentialsChanged."""
    with _taking_back(owner, "browser", at) as row:
        known_browsers.forget(user=row, browser_id=browser_id)


def sign_out_everywhere_else(*, owner: Owner, browser: str, at: datetime) -> None:
    """End every session and forget every browser but this one. Raises CredentialsChanged."""
    with _taking_back(owner, "", at, AccountEvent.ENDED) as row:
        known_browsers.forget_others(user=row, keep=browser)
