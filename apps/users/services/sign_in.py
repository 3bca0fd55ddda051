"""A name and a password, and who that is."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.http import HttpRequest

from apps.users.backends import find_user
from apps.users.models import User
from apps.users.services.throttle import Client, sign_in_limits, spend
from utils.ratelimit import give_back


class WrongCredentials(Exception):
    """The name or the password is wrong; which, is not said."""


class AccountLocked(Exception):
    """The credentials are right, but an administrator locked the account: `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_credentials(*, request: HttpRequest, name: str, password: str, client: Client) -> User:
    """The account these open. Raises TryLater, WrongCredentials, AccountLocked.

    A try is counted before the password is looked at, so that many at once are counted as many.
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
