"""Orders, payments and refunds of known amounts, at noon of a known day.

Trades are handed to `settle`, as notifications, queries and the bill do in the end.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from apps.movies.models import Movie
from apps.orders import services
from apps.orders.gateways import Trade, TradeStatus
from apps.orders.models import Order, Payment, Plan, Refund
from apps.orders.services.refunding import complete
from apps.users.models import User
from tests.factories import make_plan, make_user

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.get_default_timezone())
SECOND = timedelta(seconds=1)


def yuan(text: str) -> Decimal:
    return Decimal(text)


def placed(item: Plan | Movie | None = None, user: User | None = None, **sent: str) -> Order:
    """An order of 25.00 for 30 days, or for `item`, as it was `sent`."""
    order = services.place_order(user=user or make_user(), item=item or make_plan(), at=NOON)
    Order.objects.filter(pk=order.pk).update(**sent)
    return order


def paid(order: Order, *, amount: str = "25.00", trade_no: str = "T1", **more: object) -> Payment:
    """The payment that settling such a trade leaves."""
    values = {"status": TradeStatus.SUCCESS, "paid_at": NOON, **more}
    trade = Trade("cashier", order.number, trade_no, amount=yuan(amount), **values)
    services.settle(trade=trade, at=NOON)
    order.refresh_from_db()
    return Payment.objects.get(trade_no=trade_no)


def refund(payment: Payment, amount: str) -> Refund:
    return services.refund(payment=payment, amount=yuan(amount), reason="", by=None, at=NOON)


def done(row: Refund) -> None:
    """The gateway has carried the refund out."""
    complete(row, NOON + SECOND)
