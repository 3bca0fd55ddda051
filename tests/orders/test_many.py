"""Ten thousand orders, and a thousand open ones to ask about."""

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
from apps.orders.models import Kind, Order, Payment, State
from tests.factories import make_plan, make_user

MANY, OPEN = 10_000, 1_000
MOST_MEMORY = 24 * 1024 * 1024  # bytes


def _orders(count: int, **fields) -> list[Order]:
    """Rows as the services leave them, of twenty users."""
    plan, at = make_plan(), timezone.now()
    users = [make_user() for _ in range(20)]
    return Order.objects.bulk_create(
        Order(
            number=f"{n:024d}", user=users[n % 20], kind=Kind.PLAN, plan=plan, subject="VIP", days=30,
            list_price=Decimal("25.00"), amount=Decimal("25.00"), created_at=at - timedelta(minutes=n),
            expires_at=at + timedelta(minutes=30), **fields,
        )
        for n in range(count)
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


PAGES = {
    "/user/userorder/1/": 9,
    "/user/userorder/25/": 9,
    "/user/wallet/1/": 9,
    "/order/openvip/": 12,
    "/admin/orders/order/": 14,
    "/admin/orders/order/?q=VIP": 14,
    "/admin/orders/order/?state__exact=fulfilled&p=50": 14,
    "/admin/orders/order/?waiting=1": 14,
    "/admin/orders/payment/": 12,
    "/admin/orders/order/revenue/": 14,
}


@pytest.mark.django_db
def test_pages_cost_no_more_with_ten_thousand_orders(client):
    at = timezone.now()
    orders = _orders(MANY, state=State.FULFILLED, paid_at=at)
    Payment.objects.bulk_create(
        Payment(order=order, gateway="cashier", trade_no=order.number, amount=order.amount, paid_at=at, created_at=at)
        for order in orders
    )
    buyer = orders[0].user
    buyer.is_staff = buyer.is_superuser = True
    buyer.save()
    client.force_login(buyer)
    client.get("/admin/")  # what is asked once for a session
    for address, most in PAGES.items():
        count, page = _cost(client, address)
        assert count <= most, (address, count)
        assert len(page) < 600_000, address
    count, export = _cost(client, reverse("admin:orders_order_export_all"))
    assert export.count("\n") == MANY + 1
    assert count < 2 * MANY / 500 + 10  # a batch costs two


@pytest.mark.slow
@pytest.mark.xdist_group("money")
@pytest.mark.django_db(transaction=True)
def test_reconciling_a_thousand_open_orders_is_bounded(till, monkeypatch):
    monkeypatch.setattr(services.reconciling, "RUN_FOR", 600.0)  # a busy machine needs longer, and asks each as well
    _orders(OPEN, sent_at=timezone.now())
    at, rate, begun = timezone.now(), 100.0, time.monotonic()
    tracemalloc.start()
    found = services.reconcile(at=at, rate=rate)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.asked, found.unclear) == (OPEN, 0)
    assert time.monotonic() - begun >= OPEN / rate * 0.99
    assert peak < MOST_MEMORY
    assert services.reconcile(at=at, rate=rate).asked == 0  # each was asked a moment ago
