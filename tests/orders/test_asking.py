"""A page that waits for a payment never waits for the gateway."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from celery import current_app
from django.test import Client
from django.utils import timezone

from apps.orders import services
from apps.orders.models import Order
from apps.orders.services import asking
from tests.factories import make_user
from tests.orders.steps import pay_url
from utils.tasks import queue_length

pytestmark = pytest.mark.django_db(transaction=True)
CHECK = "/order/check/"


@pytest.fixture(autouse=True)
def _rested() -> Iterator[None]:
    asking._breakers.clear()
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.delete("money")
    yield
    asking._breakers.clear()


@pytest.fixture
def silent() -> Iterator[str]:
    """A gateway that takes every connection and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/gateway.do"


@pytest.fixture
def buyer() -> Client:
    client = Client()
    client.force_login(make_user(username="buyer"))
    return client


def _sent(plan, client: Client) -> Order:
    from apps.users.models import User

    order = services.place_order(user=User.objects.get(username="buyer"), item=plan, at=timezone.now())
    pay_url(order)
    order.refresh_from_db()
    return order


def _check(client: Client, order: Order) -> int:
    return client.post(CHECK, {"order": order.number}).json()["res"]


def _later(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(asked_at=timezone.now() - timedelta(seconds=3))


def test_a_silent_gateway_costs_the_page_nothing_and_is_asked_once(silent, settings, plan, buyer):
    settings.ALIPAY_GATEWAY_URL = silent
    order = _sent(plan, buyer)
    begun = time.monotonic()
    assert [_check(buyer, order) for _ in range(5)] == [5] * 5
    assert time.monotonic() - begun < 2
    assert queue_length("money") == 1


def test_what_the_queue_found_out_is_told_by_the_next_call(till, plan, buyer):
    order = _sent(plan, buyer)
    assert _check(buyer, order) == 5
    services.answer_question(order_id=order.pk, at=timezone.now())
    assert _check(buyer, order) == 5
    till.pay(pay_url(order))
    _later(order)
    assert _check(buyer, order) == 5
    services.answer_question(order_id=order.pk, at=timezone.now())
    assert _check(buyer, order) == 0
    assert queue_length("money") == 2  # one for each time that an answer was missing


def test_a_gateway_that_cant_be_reached_is_told_of_until_it_answers(till, settings, plan, buyer):
    order, there = _sent(plan, buyer), settings.ALIPAY_GATEWAY_URL
    settings.ALIPAY_GATEWAY_URL = "http://127.0.0.1:9/gateway.do"
    services.answer_question(order_id=order.pk, at=timezone.now())
    assert _check(buyer, order) == 7
    settings.ALIPAY_GATEWAY_URL = there
    _later(order)
    services.answer_question(order_id=order.pk, at=timezone.now())
    assert _check(buyer, order) == 5


def test_an_order_that_was_never_sent_is_not_asked_about(plan, buyer):
    from apps.users.models import User

    order = services.place_order(user=User.objects.get(username="buyer"), item=plan, at=timezone.now())
    assert _check(buyer, order) == 5
    assert queue_length("money") == 0


@pytest.mark.slow
def test_of_many_who_cancel_at_a_silent_gateway_few_wait(silent, settings, plan, buyer):
    settings.ALIPAY_GATEWAY_URL = silent
    order = _sent(plan, buyer)
    took: list[float] = []

    def cancel() -> None:
        from django.db import connections

        begun = time.monotonic()
        assert buyer.post(f"/order/{order.number}/cancel/").status_code == 302
        took.append(time.monotonic() - begun)
        connections.close_all()

    threads = [threading.Thread(target=cancel, daemon=True) for _ in range(10)]
    for thread in threads:
        thread.start()
    time.sleep(4)
    assert len(took) == 7  # the other three wait, and nobody with them
    for thread in threads:
        thread.join()
    order.refresh_from_db()
    assert order.state == "pending"
