"""What buyers do in many tests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from apps.orders import services
from apps.orders.models import Notification, Order
from apps.users.models import User
from tests.cashier import Till, body


def pay_url(order: Order) -> str:
    """The address where a buyer pays."""
    return services.pay_by_gateway(order=order, phone=False, site="http://testserver/", at=timezone.now())


def bought(till: Till, user: User, item: Any, code: str = "") -> Order:
    """A plan or a title, placed, paid and settled."""
    order = services.place_order(user=user, item=item, at=timezone.now(), code=code)
    return settled(till, order)


def settled(till: Till, order: Order) -> Order:
    """The order, paid at the cashier and notified of."""
    trade = till.pay(pay_url(order))
    notification = services.receive(body=body(till.notification(trade)), address="127.0.0.1", at=timezone.now())
    assert notification.verdict == Notification.Verdict.SETTLED
    order.refresh_from_db()
    return order


def top_up(till: Till, user: User, amount: str) -> Order:
    """Yuan put into the wallet."""
    return settled(till, services.place_top_up(user=user, amount=Decimal(amount), at=timezone.now()))
