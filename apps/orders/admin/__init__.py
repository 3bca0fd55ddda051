"""The administration of money: orders and what came for them, offers, revenue."""

from apps.orders.admin import offers, orders, payments

__all__ = ["offers", "orders", "payments"]
