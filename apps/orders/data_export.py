"""Personal data held by this app (see PERSONAL_DATA)."""

from __future__ import annotations

from typing import Any

from apps.orders.models import Order, Purchase
from apps.users.models import User


def export(*, user: User) -> dict[str, Any]:
    """The user's orders, with amounts in yuan, and purchased titles."""
    orders = Order.objects.filter(user=user).order_by("-created_at")
    bought = Purchase.objects.filter(user=user).select_related("movie").order_by("-created_at")
    return {
        "orders": list(
            orders.values(
                "number", "kind", "state", "subject", "amount", "created_at", "paid_at", "closed_at", "refunded_at"
            )
        ),
        "purchases": [
            {"title": row.movie.title, "bought_at": row.created_at, "held": bool(row.held)} for row in bought
        ],
    }


def erase(*, user: User) -> None:
    """Keep orders and payments, as the law requires: they hold no name, and the account is anonymised."""
