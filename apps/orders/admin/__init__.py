"""Administration of orders, payments, plans and coupons, certificates, and revenue."""

from apps.orders.admin import certificates, offers, orders, payments

__all__ = ["certificates", "offers", "orders", "payments"]
