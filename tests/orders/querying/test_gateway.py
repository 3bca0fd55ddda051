"""A page that waits for a payment never waits for the gateway: the queue queries it, and pauses while it is silent."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from apps.orders import services
from apps.orders.gateways import GatewaySilent, GatewayUnclear
from apps.users.models import User
from tests.orders.querying.waiting import another, check, later, sent
from tests.orders.steps import pay_url
from utils.tasks import queue_length

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_silent_gateway_costs_the_page_nothing_and_is_asked_once(silent, listening, settings, plan, buyer):
    settings.ALIPAY_GATEWAY_URL = silent
    order = sent(plan, buyer)
    assert [check(buyer, order) for _ in range(5)] == [5] * 5
    with pytest.raises(BlockingIOError):  # no page connected to it
        listening.accept()
    assert queue_length("money") == 1


def test_what_the_queue_found_out_is_told_by_the_next_call(till, plan, buyer):
    order = sent(plan, buyer)
    assert check(buyer, order) == 5
    services.run_query(order_id=order.pk, at=timezone.now())
    assert check(buyer, order) == 5
    till.pay(pay_url(order))
    later(order)
    assert check(buyer, order) == 5
    services.run_query(order_id=order.pk, at=timezone.now())
    assert check(buyer, order) == 0
    assert queue_length("money") == 2  # one for each time that an answer was missing


def test_a_gateway_that_cant_be_reached_is_told_of_until_it_answers(till, settings, plan, buyer):
    order, there = sent(plan, buyer), settings.ALIPAY_GATEWAY_URL
    settings.ALIPAY_GATEWAY_URL = "http://127.0.0.1:9/gateway.do"
    services.run_query(order_id=order.pk, at=timezone.now())
    assert check(buyer, order) == 7
    settings.ALIPAY_GATEWAY_URL = there
    later(order)
    services.run_query(order_id=order.pk, at=timezone.now())
    assert check(buyer, order) == 5


def test_a_question_that_took_longer_than_a_task_may_counts_against_the_gateway(plan, buyer):
    order = sent(plan, buyer)
    for _ in range(3):
        with pytest.raises(GatewayUnclear), services.querying.reporting_outcome(order=order):
            raise SoftTimeLimitExceeded
    assert services.querying.breaker_for(order.app_id).resting
    assert check(buyer, order) == 7


def test_a_gateway_that_answers_drop_by_drop_is_given_up(settings, plan, buyer, monkeypatch):
    """Each byte would give it a new time-out, and a worker would wait until it was killed."""
    order = sent(plan, buyer)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.ALIPAY_GATEWAY_URL = f"http://127.0.0.1:{listening.getsockname()[1]}/gateway.do"
        gateway = services.querying.gateway_for(order)
        monkeypatch.setattr(gateway.sdk._config, "timeout", 0.5)
        drops: list[int] = []
        dripping = threading.Thread(target=_drip, args=(listening, drops))
        dripping.start()
        with pytest.raises(GatewaySilent):
            gateway.query(number=order.number, tries=1)
        dripping.join()
    assert len(drops) < DROPS


DROPS = 200


def _drip(listening: socket.socket, drops: list[int]) -> None:
    """A byte every 50 ms for ten seconds, or for as long as somebody listens; each is noted in `drops`."""
    with suppress(OSError), listening.accept()[0] as connection:
        for drop in range(DROPS):
            connection.sendall(b"H")
            drops.append(drop)
            time.sleep(0.05)


def test_while_the_gateway_rests_the_question_is_dropped_and_pages_say_so(till, plan, buyer):
    order = sent(plan, buyer)
    for _ in range(3):
        services.querying.breaker_for(order.app_id).trip()
    services.run_query(order_id=order.pk, at=timezone.now())
    assert check(buyer, order) == 7
    services.querying._breakers.clear()
    services.run_query(order_id=order.pk, at=timezone.now())
    assert check(buyer, order) == 5


def test_one_question_probes_a_silent_gateway_however_many_orders_wait(till, settings, plan, buyer):
    """If it queried every order, the queue would do nothing but run into time-outs."""
    orders = [sent(plan, buyer)]
    for _ in range(19):
        orders.append(another(orders[0]))
    there, settings.ALIPAY_GATEWAY_URL = settings.ALIPAY_GATEWAY_URL, "http://127.0.0.1:9/gateway.do"
    for order in orders[:3]:  # the breaker's
        services.run_query(order_id=order.pk, at=timezone.now())
    assert {check(buyer, order) for order in orders} == {7}
    assert queue_length("money") == 1
    settings.ALIPAY_GATEWAY_URL = there
    services.run_query(order_id=orders[0].pk, at=timezone.now())  # dropped: it was asked about a moment ago
    assert check(buyer, orders[19]) == 7
    services.querying._breakers.clear()
    services.run_query(order_id=orders[19].pk, at=timezone.now())
    for order in orders:
        later(order)
    assert {check(buyer, order) for order in orders[2:]} == {5}  # of the first two nobody knows yet
    assert {check(buyer, order) for order in orders[:2]} == {7}
    assert queue_length("money") == 20  # one for each: the one that tried is about the fourth


def test_what_is_unclear_about_one_order_says_nothing_about_the_others(settings, plan, buyer):
    order, other = (first := sent(plan, buyer)), another(first)
    settings.ALIPAY_GATEWAY_URL = "http://127.0.0.1:9/gateway.do"
    services.run_query(order_id=order.pk, at=timezone.now())
    assert [check(buyer, order), check(buyer, other)] == [7, 5]
    assert queue_length("money") == 1


def test_an_order_that_was_never_sent_is_not_asked_about(plan, buyer):
    order = services.place_order(user=User.objects.get(username="buyer"), item=plan, at=timezone.now())
    assert check(buyer, order) == 5
    assert queue_length("money") == 0
