"""Signing in: checking credentials and starting the session, with an email about browsers not seen before."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse

from apps.users.backends import find_user
from apps.users.models import AccountEvent, OutgoingMail, User
from apps.users.services import audit, credentials, devices, known_browsers, outgoing_mail, second_factor
from apps.users.services.throttle import Client, sign_in_limits, sign_in_mail_limits, spend
from utils.ratelimit import give_back, take


class WrongCredentials(Exception):
    """The name or the password is wrong; the message doesn't say which."""


class AccountLocked(Exception):
    """The credentials are correct, but an administrator locked the account, for `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_credentials(*, request: HttpRequest, name: str, password: str, client: Client) -> User:
    """The account with these credentials. Raises Throttled, WrongCredentials, AccountLocked.

    The attempt is counted before the password is checked, so that concurrent attempts are all counted.
    """
    limits = sign_in_limits(name=name.strip().lower(), user=find_user(name), client=client)
    spend(*limits)
    user = authenticate(request, username=name, password=password)
    if not isinstance(user, User):
        raise WrongCredentials
    give_back(limits)
    if user.is_locked:
        raise AccountLocked(user.locked_reason)
    return user


@transaction.atomic
def start_session(
    *, request: HttpRequest, user: User, browser: str, coded: bool, address: str, language: str, at: datetime
) -> None:
    """Sign in the browser named `browser` after its credentials were verified. Raises CredentialsChanged.

    `coded`: the second factor was given; it may have been turned on since it was found to be off.
    The owner gets an email about a browser not seen before, except for the first one after signing up.
    """
    found = credentials.lock_account(user=user)
    if not coded and second_factor.is_on(user=user):
        raise credentials.CredentialsChanged
    is_first = found.last_login is None and found.password_changed_at is None
    device = devices.sign_in(request=request, user=user, at=at)
    if known_browsers.record_sign_in(user=user, name=browser, user_agent=device.user_agent, at=at) or is_first:
        return
    audit.note(
        user=user, event=AccountEvent.NEW_DEVICE, address=address, path=reverse("users:login"),
        details=device.user_agent, at=at,
    )  # fmt: skip
    if not take(sign_in_mail_limits(user=user)):
        outgoing_mail.queue(
            user=user, kind=OutgoingMail.Kind.SIGN_IN, reference=f"device:{device.pk}", at=at, language=language,
            device=devices.describe(device.user_agent), address=address, when=at.isoformat(),
        )  # fmt: skip
