"""A page that waits for a payment never waits for the gateway."""

from __future__ import annotations

import re
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.test import Client
from django.utils import timezone

from apps.orders import services
from apps.orders.gateways import GatewaySilent, GatewayUnclear
from apps.orders.models import Order, OrderState, RequestedAction
from apps.orders.views import json_api
from apps.orders.views.outside import payment_link
from apps.orders.views.tickets import ticket_for
from apps.users.models import User
from apps.wallet import services as wallet
from tests.factories import make_plan, make_sale, make_user
from tests.orders.steps import pay_url
from utils.polling import PollPacer
from utils.tasks import queue_length

pytestmark = pytest.mark.django_db(transaction=True)
CHECK = "/order/check/"


@pytest.fixture(autouse=True)
def _rested() -> Iterator[None]:
    services.querying._breakers.clear()
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.delete("money")  # type: ignore[attr-defined]
    yield
    services.querying._breakers.clear()


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Where a gateway takes every connection and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        listening.setblocking(False)
        yield listening


@pytest.fixture
def silent(listening) -> str:
    """The address of that gateway."""
    return f"http://127.0.0.1:{listening.getsockname()[1]}/gateway.do"


@pytest.fixture
def buyer() -> Client:
    client = Client()
    client.force_login(make_user(username="buyer"))
    return client


def _sent(plan, client: Client) -> Order:
    order = services.place_order(user=User.objects.get(username="buyer"), item=plan, at=timezone.now())
    pay_url(order)
    order.refresh_from_db()
    return order


def _another(like: Order) -> Order:
    """Another one that was sent to the gateway as well."""
    values = {field.attname: getattr(like, field.attname) for field in Order._meta.concrete_fields[1:]}
    return Order.objects.create(**values | {"number": secrets.token_hex(12), "queried_at": None})


def _check(client: Client, order: Order) -> int:
    return client.post(CHECK, {"order": order.number}).json()["res"]


def _later(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(queried_at=timezone.now() - timedelta(seconds=3))


def test_a_silent_gateway_costs_the_page_nothing_and_is_asked_once(silent, listening, settings, plan, buyer):
    settings.ALIPAY_GATEWAY_URL = silent
    order = _sent(plan, buyer)
    assert [_check(buyer, order) for _ in range(5)] == [5] * 5
    with pytest.raises(BlockingIOError):  # no page connected to it
        listening.accept()
    assert queue_length("money") == 1


def test_what_the_queue_found_out_is_told_by_the_next_call(till, plan, buyer):
    order = _sent(plan, buyer)
    assert _check(buyer, order) == 5
    services.run_query(order_id=order.pk, at=timezone.now())
    assert _check(buyer, order) == 5
    till.pay(pay_url(order))
    _later(order)
    assert _check(buyer, order) == 5
    services.run_query(order_id=order.pk, at=timezone.now())
    assert _check(buyer, order) == 0
    assert queue_length("money") == 2  # one for each time that an answer was missing


def test_a_gateway_that_cant_be_reached_is_told_of_until_it_answers(till, settings, plan, buyer):
    order, there = _sent(plan, buyer), settings.ALIPAY_GATEWAY_URL
    settings.ALIPAY_GATEWAY_URL = "http://127.0.0.1:9/gateway.do"
    services.run_query(order_id=order.pk, at=timezone.now())
    assert _check(buyer, order) == 7
    settings.ALIPAY_GATEWAY_URL = there
    _later(order)
    services.run_query(order_id=order.pk, at=timezone.now())
    assert _check(buyer, order) == 5


def test_a_question_that_took_longer_than_a_task_may_counts_against_the_gateway(plan, buyer):
    order = _sent(plan, buyer)
    for _ in range(3):
        with pytest.raises(GatewayUnclear), services.querying.reporting_outcome(order=order):
            raise SoftTimeLimitExceeded
    assert services.querying.breaker_for(order.app_id).resting
    assert _check(buyer, order) == 7


def test_a_gateway_that_answers_drop_by_drop_is_given_up(settings, plan, buyer, monkeypatch):
    """Each byte would give it a new time-out, and a worker would wait until it was killed."""
    order = _sent(plan, buyer)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.ALIPAY_GATEWAY_URL = f"http://127.0.0.1:{listening.getsockname()[1]}/gateway.do"
        gateway = services.querying.gateway_for(order)
        monkeypatch.setattr(gateway.sdk._config, "timeout", 0.5)
        sent: list[int] = []
        dripping = threading.Thread(target=_drip, args=(listening, sent))
        dripping.start()
        with pytest.raises(GatewaySilent):
            gateway.query(number=order.number, tries=1)
        dripping.join()
    assert len(sent) < DROPS


DROPS = 200


def _drip(listening: socket.socket, sent: list[int]) -> None:
    """A byte every 50 ms for ten seconds, or for as long as somebody listens; each is noted in `sent`."""
    with suppress(OSError), listening.accept()[0] as connection:
        for drop in range(DROPS):
            connection.sendall(b"H")
            sent.append(drop)
            time.sleep(0.05)


def test_while_the_gateway_rests_the_question_is_dropped_and_pages_say_so(till, plan, buyer):
    order = _sent(plan, buyer)
    for _ in range(3):
        services.querying.breaker_for(order.app_id).trip()
    services.run_query(order_id=order.pk, at=timezone.now())
    assert _check(buyer, order) == 7
    services.querying._breakers.clear()
    services.run_query(order_id=order.pk, at=timezone.now())
    assert _check(buyer, order) == 5


def test_of_many_who_wait_for_a_silent_gateway_one_question_tries_whether_it_still_is(till, settings, plan, buyer):
    """Were every order asked about, the queue would do nothing but find out again and again that nobody answers."""
    orders = [_sent(plan, buyer)]
    for _ in range(19):
        orders.append(_another(orders[0]))
    there, settings.ALIPAY_GATEWAY_URL = settings.ALIPAY_GATEWAY_URL, "http://127.0.0.1:9/gateway.do"
    for order in orders[:3]:  # the breaker's
        services.run_query(order_id=order.pk, at=timezone.now())
    assert {_check(buyer, order) for order in orders} == {7}
    assert queue_length("money") == 1
    settings.ALIPAY_GATEWAY_URL = there
    services.run_query(order_id=orders[0].pk, at=timezone.now())  # dropped: it was asked about a moment ago
    assert _check(buyer, orders[19]) == 7
    services.querying._breakers.clear()
    services.run_query(order_id=orders[19].pk, at=timezone.now())
    for order in orders:
        _later(order)
    assert {_check(buyer, order) for order in orders[2:]} == {5}  # of the first two nobody knows yet
    assert {_check(buyer, order) for order in orders[:2]} == {7}
    assert queue_length("money") == 20  # one for each: the one that tried is about the fourth


def test_what_is_unclear_about_one_order_says_nothing_about_the_others(settings, plan, buyer):
    order, other = (first := _sent(plan, buyer)), _another(first)
    settings.ALIPAY_GATEWAY_URL = "http://127.0.0.1:9/gateway.do"
    services.run_query(order_id=order.pk, at=timezone.now())
    assert [_check(buyer, order), _check(buyer, other)] == [7, 5]
    assert queue_length("money") == 1


def test_a_page_that_waits_asks_by_ticket_without_a_session_and_with_one_query(plan, buyer, django_assert_num_queries):
    order = _sent(plan, buyer)
    ticket = re.search(r'data-ticket="([^"]+)"', buyer.get(order.get_absolute_url()).content.decode()).group(1)
    page = Client()
    assert page.post(CHECK, {"ticket": ticket}).json() == {
        "res": 5, "errmsg": "尚未支付。", "state": "pending", "wait": 2,
    }  # fmt: skip
    with django_assert_num_queries(1):
        assert page.post(CHECK, {"ticket": ticket}).json()["res"] == 5
    assert page.cookies.keys() == set()
    assert page.post(CHECK, {"order": order.number}).json()["res"] == 1
    assert page.get(order.get_absolute_url()).status_code == 302


def test_a_ticket_is_for_one_order_and_lives_for_a_day(plan, buyer, monkeypatch):
    order = _sent(plan, buyer)
    other, ticket = _another(order), ticket_for(order)
    for wrong in (
        other.number,
        ticket.replace(order.number, other.number),
        ticket[:-1],
        payment_link(order).split("/")[3],
    ):
        assert buyer.post(CHECK, {"ticket": wrong}).json()["res"] == 4
    assert buyer.post(CHECK, {"ticket": ticket}).json()["res"] == 5
    monkeypatch.setattr(time, "time", lambda now=time.time: now() + 86500)
    assert buyer.post(CHECK, {"ticket": ticket}).json()["res"] == 4


def test_pages_hear_how_long_to_wait(monkeypatch, plan, buyer):
    monkeypatch.setattr(json_api, "_waiting", PollPacer(rate=20, least=2, most=30))
    order = _sent(plan, buyer)
    others = [_another(order) for _ in range(99)]
    waits = [buyer.post(CHECK, {"ticket": ticket_for(one)}).json()["wait"] for one in [order, *others]]
    assert (waits[0], waits[39], waits[99]) == (2, 2, 5)
    services.querying.cache.set(f"gateway:{order.app_id}:silent", 1, 30)  # type: ignore[attr-defined]
    assert buyer.post(CHECK, {"ticket": ticket_for(order)}).json()["wait"] == 10


def test_an_order_that_was_never_sent_is_not_asked_about(plan, buyer):
    order = services.place_order(user=User.objects.get(username="buyer"), item=plan, at=timezone.now())
    assert _check(buyer, order) == 5
    assert queue_length("money") == 0


def _in_wallet(name: str, amount: str) -> User:
    user = User.objects.get(username=name)
    make_sale(user=user, amount=amount)
    return user


def _answer(order: Order) -> OrderState:
    services.run_query(order_id=order.pk, at=timezone.now())
    order.refresh_from_db()
    return OrderState(order.state)


def test_cancelling_at_a_silent_gateway_costs_the_page_nothing(silent, settings, plan, buyer):
    settings.ALIPAY_GATEWAY_URL = silent
    order = _sent(plan, buyer)
    _check(buyer, order)  # another question is on its way
    for _ in range(5):
        assert buyer.post(f"/order/{order.number}/cancel/").headers["Location"] == order.get_absolute_url()
    order.refresh_from_db()
    assert (order.state, order.requested_action) == (OrderState.PENDING, RequestedAction.CANCEL)
    assert queue_length("money") == 1
    assert _check(buyer, order) == 5
    page = buyer.get(order.get_absolute_url()).content.decode()
    assert "正在取消订单" in page
    assert "支付宝支付" not in page
    with pytest.raises(services.UnableToPay):
        pay_url(order)


def test_a_cancelled_order_is_closed_there_and_can_be_placed_again_at_once(till, plan, buyer):
    order = _sent(plan, buyer)
    trade = till.open(pay_url(order))
    buyer.post(f"/order/{order.number}/cancel/")
    again = services.place_order(user=order.user, item=plan, at=timezone.now())
    assert again.pk != order.pk
    assert _answer(order) == OrderState.CLOSED
    assert till.cashier.store.get(trade.trade_no).status == "TRADE_CLOSED"
    assert _answer(order) == OrderState.CLOSED


def test_what_was_never_sent_to_the_gateway_is_cancelled_at_once(plan, buyer):
    order = services.place_order(user=User.objects.get(username="buyer"), item=plan, at=timezone.now())
    assert services.cancel(order=order, at=timezone.now()).state == OrderState.CLOSED
    assert queue_length("money") == 0


def test_a_wallet_pays_once_the_gateway_has_let_go(silent, settings, till, plan, buyer):
    there, settings.ALIPAY_GATEWAY_URL = settings.ALIPAY_GATEWAY_URL, silent
    user = _in_wallet("buyer", "40.00")
    order = _sent(plan, buyer)
    for _ in range(3):
        assert buyer.post("/order/pay/", {"order": order.number, "method": "wallet"}).json()["res"] == 0
    assert wallet.balance_of(user=user) == Decimal("40.00")
    assert "正在使用钱包支付" in buyer.get(order.get_absolute_url()).content.decode()
    settings.ALIPAY_GATEWAY_URL = there
    assert _answer(order) == OrderState.FULFILLED
    assert _answer(order) == OrderState.FULFILLED
    assert wallet.balance_of(user=user) == Decimal("15.00")
    assert _check(buyer, order) == 0


def test_a_requested_action_is_carried_out_without_the_queue(till, plan, buyer):
    user = _in_wallet("buyer", "40.00")
    order = _sent(plan, buyer)
    services.query_order(order=order, at=timezone.now())
    services.pay_from_wallet(order=order, user=user, at=timezone.now())
    services.reconcile(at=timezone.now(), rate=1000)
    order.refresh_from_db()
    assert order.state == OrderState.FULFILLED


@pytest.mark.parametrize("why", ["spent", "cancelled", "late"])
def test_a_wallet_that_is_not_to_pay_any_more_closes_the_order(till, plan, buyer, why):
    user = _in_wallet("buyer", "40.00")
    order = _sent(plan, buyer)
    services.pay_from_wallet(order=order, user=user, at=timezone.now())
    if why == "spent":
        other = services.place_order(user=user, item=make_plan(price=Decimal("30.00")), at=timezone.now())
        services.pay_from_wallet(order=other, user=user, at=timezone.now())
    elif why == "cancelled":
        services.cancel(order=order, at=timezone.now())
    else:
        Order.objects.filter(pk=order.pk).update(expires_at=timezone.now())
    before = wallet.balance_of(user=user)
    assert _answer(order) == OrderState.CLOSED
    assert wallet.balance_of(user=user) == before


def test_too_little_in_the_wallet_is_said_at_once(silent, settings, plan, buyer):
    settings.ALIPAY_GATEWAY_URL = silent
    order = _sent(plan, buyer)
    assert buyer.post("/order/pay/", {"order": order.number, "method": "wallet"}).json()["res"] == 8
    order.refresh_from_db()
    assert order.requested_action == RequestedAction.NONE


@pytest.mark.parametrize("requested_action", [RequestedAction.CANCEL, RequestedAction.WALLET])
def test_an_action_requested_after_the_payment_settles_it(till, plan, buyer, requested_action):
    user = _in_wallet("buyer", "40.00")
    order = _sent(plan, buyer)
    till.pay(pay_url(order))
    if requested_action == RequestedAction.CANCEL:
        services.cancel(order=order, at=timezone.now())
    else:
        services.pay_from_wallet(order=order, user=user, at=timezone.now())
    assert _answer(order) == OrderState.FULFILLED
    assert wallet.balance_of(user=user) == Decimal("40.00")
    assert order.payments.get().gateway != "wallet"
