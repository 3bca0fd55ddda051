"""What this app holds about a person (see PERSONAL_DATA)."""

from __future__ import annotations

from typing import Any

from apps.orders.models import Order, Purchase
from apps.users.models import User


def export(*, user: User) -> dict[str, Any]:
    """The orders, amounts in yuan, and the titles they bought."""
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
    """Orders and payments are kept as the law asks; they hold no name, and their account has none any more."""
