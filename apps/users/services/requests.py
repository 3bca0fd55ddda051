"""The account that a request belongs to."""

from __future__ import annotations

from django.http import HttpRequest

from apps.users.models import User


def account_of(request: HttpRequest) -> User | None:
    """The signed-in account; None for anonymous visitors."""
    return request.user if isinstance(request.user, User) else None


def signed_in(request: HttpRequest) -> User:
    """The signed-in account, for views behind a sign-in check. Raises TypeError for anonymous visitors."""
    if not isinstance(request.user, User):
        raise TypeError("This view requires a signed-in account.")
    return request.user
