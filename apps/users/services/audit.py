"""Audit entries about access to accounts."""

from __future__ import annotations

from datetime import datetime

from apps.users.models import AccountEvent, AuditEntry, User


def note(
    *, user: User, event: AccountEvent, address: str, path: str, at: datetime, details: str = "", status: int = 302
) -> None:
    """Record the event; `address` and `path` are the request's, `status` is the response's."""
    AuditEntry.objects.create(
        at=at, actor=user, actor_name=user.username, address=address, path=path[:300], action=event, details=details,
        status=status,
    )  # fmt: skip
