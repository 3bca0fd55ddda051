"""Plans, promises, money and what it gave."""

from apps.orders.models.offers import Coupon, Plan
from apps.orders.models.orders import MOVES, Kind, Order, OrderQuerySet, Purchase, State, Wish
from apps.orders.models.payments import AlipayCertificate, MorningStatement, Notification, Payment, Refund

__all__ = [
    "MOVES",
    "AlipayCertificate",
    "Coupon",
    "Kind",
    "MorningStatement",
    "Notification",
    "Order",
    "OrderQuerySet",
    "Payment",
    "Plan",
    "Purchase",
    "Refund",
    "State",
    "Wish",
]
