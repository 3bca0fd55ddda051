"""Whose request it is."""

from __future__ import annotations

from django.http import HttpRequest

from apps.users.models import User


def account_of(request: HttpRequest) -> User | None:
    """The account that is signed in; None for a stranger."""
    return request.user if isinstance(request.user, User) else None


def signed_in(request: HttpRequest) -> User:
    """The account, for a view that only those reach who are signed in. Raises TypeError for a stranger."""
    if not isinstance(request.user, User):
        raise TypeError("Only for somebody who is signed in.")
    return request.user
