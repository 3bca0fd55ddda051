"""Locking accounts: members are signed out on every device and shown the reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from apps.users.models import User


@transaction.atomic
def lock(*, users: Iterable[int], by: User, reason: str, at: datetime) -> list[User]:
    """Lock the accounts with these ids, except the acting administrator. Returns the newly locked ones.

    Sessions need no further action: the backend rejects those of locked accounts.
    """
    rows = list(
        User.objects.select_for_update().filter(pk__in=list(users), locked_at=None, is_active=True).exclude(pk=by.pk)
    )
    User.objects.filter(pk__in=[row.pk for row in rows]).update(locked_at=at, locked_reason=reason)
    return rows


@transaction.atomic
def unlock(*, users: Iterable[int]) -> list[User]:
    """Unlock the accounts with these ids; returns those that were locked."""
    rows = list(User.objects.select_for_update().filter(pk__in=list(users)).exclude(locked_at=None))
    User.objects.filter(pk__in=[row.pk for row in rows]).update(locked_at=None, locked_reason="")
    return rows
