"""Ten times as many orders, and several batches of open ones to ask about."""

from __future__ import annotations

import time
import tracemalloc
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.orders import services
from apps.orders.models import Order, OrderKind, OrderState, Payment
from apps.users.models import User
from tests.factories import make_plan, make_user

OPEN = 300
MOST_MEMORY = 24 * 1024 * 1024  # bytes


def _orders(count: int, *, users: list[User] | None = None, first: int = 0, **fields) -> list[Order]:
    """Rows as the services leave them, of twenty users, numbered from `first`."""
    plan, at = make_plan(), timezone.now()
    users = users or [make_user() for _ in range(20)]
    return Order.objects.bulk_create(
        Order(
            number=f"{n:024d}", user=users[n % 20], kind=OrderKind.PLAN, plan=plan, subject="VIP", days=30,
            list_price=Decimal("25.00"), amount=Decimal("25.00"), created_at=at - timedelta(minutes=n),
            expires_at=at + timedelta(minutes=30), **fields,
        )
        for n in range(first, first + count)
    )  # fmt: skip


def _cost(client, address: str) -> tuple[int, str]:
    """The queries that a page takes, and the page."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.get(address)
    assert answer.status_code == 200, address
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return len(queries), content.decode()


FEW, MORE = 50, 500
PAGES = {
    "/user/userorder/1/": 9,
    "/user/wallet/1/": 9,
    "/order/openvip/": 12,
    "/admin/orders/order/": 14,
    "/admin/orders/order/?q=VIP": 14,
    "/admin/orders/order/?state__exact=fulfilled": 14,
    "/admin/orders/order/?waiting=1": 14,
    "/admin/orders/payment/": 12,
    "/admin/orders/order/revenue/": 14,
}
FURTHER = {"/user/userorder/3/": 9, "/admin/orders/order/?state__exact=fulfilled&p=4": 14}  # pages that few rows lack


def _sold(count: int, **which) -> None:
    """So many orders, each paid."""
    at = timezone.now()
    Payment.objects.bulk_create(
        Payment(order=order, gateway="cashier", trade_no=order.number, amount=order.amount, paid_at=at, created_at=at)
        for order in _orders(count, state=OrderState.FULFILLED, paid_at=at, **which)
    )


@pytest.mark.django_db
def test_pages_cost_no_more_with_ten_times_the_orders(client):
    buyer = make_user(is_staff=True, is_superuser=True)
    users = [buyer, *(make_user() for _ in range(19))]
    client.force_login(buyer)
    client.get("/admin/")  # what is asked once for a session
    _sold(FEW, users=users)
    few = {address: _cost(client, address)[0] for address in PAGES}
    _sold(MORE - FEW, users=users, first=FEW)
    for address, most in (PAGES | FURTHER).items():
        count, page = _cost(client, address)
        assert count <= min(most, few.get(address, most)), (address, count, few.get(address))
        assert len(page) < 600_000, address
    count, export = _cost(client, reverse("admin:orders_order_export_all"))
    assert export.count("\n") == MORE + 1
    assert count < 2 * MORE / 500 + 10  # a batch costs two


@pytest.mark.slow
@pytest.mark.xdist_group("money")
@pytest.mark.django_db(transaction=True)
def test_reconciling_batches_of_open_orders_is_bounded(till, monkeypatch):
    monkeypatch.setattr(services.reconciling, "RUN_FOR", 600.0)  # a busy machine needs longer, and asks each as well
    _orders(OPEN, sent_at=timezone.now())
    at, rate, begun = timezone.now(), 100.0, time.monotonic()
    tracemalloc.start()
    found = services.reconcile(at=at, rate=rate)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.queried, found.unclear) == (OPEN, 0)
    assert time.monotonic() - begun >= OPEN / rate * 0.99
    assert peak < MOST_MEMORY
    assert services.reconcile(at=at, rate=rate).queried == 0  # each was asked a moment ago
