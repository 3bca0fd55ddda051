"""The administration of money: orders and what came for them, offers, revenue."""

from apps.orders.admin import certificates, offers, orders, payments

__all__ = ["certificates", "offers", "orders", "payments"]
