"""Plans, promises, money and what it gave."""

from apps.orders.models.offers import Coupon, Plan
from apps.orders.models.orders import MOVES, Kind, Order, OrderQuerySet, Purchase, State
from apps.orders.models.payments import AlipayCertificate, Notification, Payment, Refund

__all__ = [
    "MOVES",
    "AlipayCertificate",
    "Coupon",
    "Kind",
    "Notification",
    "Order",
    "OrderQuerySet",
    "Payment",
    "Plan",
    "Purchase",
    "Refund",
    "State",
]
