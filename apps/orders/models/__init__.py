"""Plans and coupons, orders, payments and refunds."""

from apps.orders.models.offers import Coupon, Plan
from apps.orders.models.orders import MOVES, Order, OrderKind, OrderQuerySet, OrderState, Purchase, RequestedAction
from apps.orders.models.payments import AlipayCertificate, DailyStatement, Notification, Payment, Refund

__all__ = [
    "MOVES",
    "AlipayCertificate",
    "Coupon",
    "DailyStatement",
    "Notification",
    "Order",
    "OrderKind",
    "OrderQuerySet",
    "OrderState",
    "Payment",
    "Plan",
    "Purchase",
    "Refund",
    "RequestedAction",
]
