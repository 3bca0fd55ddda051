"""Personal data held by this app (see PERSONAL_DATA)."""

from __future__ import annotations

from typing import Any

from apps.users.models import User
from apps.wallet import services
from apps.wallet.models import Entry


def export(*, user: User) -> dict[str, Any]:
    """The balance and what moved it, in yuan."""
    entries = Entry.objects.filter(wallet__user=user).order_by("-pk")
    return {
        "wallet": {
            "balance": services.balance_of(user=user),
            "entries": list(entries.values("kind", "amount", "balance_after", "subject", "created_at")),
        }
    }


def erase(*, user: User) -> None:
    """The ledger is kept with the orders that it explains."""
