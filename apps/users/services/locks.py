"""Locked accounts: out at once on every device, and told why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from apps.users.models import User


@transaction.atomic
def lock(*, users: Iterable[int], by: User, reason: str, at: datetime) -> list[User]:
    """Lock the accounts with these ids; whoever locks is left out. Returns those that are locked now and weren't.

    Nothing more is needed to put them out: no session opens a locked account.
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
