"""Cancelling and paying from the wallet wait until the gateway has closed its trade."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from apps.orders import services
from apps.orders.models import Order, OrderState, RequestedAction
from apps.users.models import User
from apps.wallet import services as wallet
from tests.factories import make_plan, make_sale
from tests.orders.querying.waiting import check, sent
from tests.orders.steps import pay_url
from utils.tasks import queue_length

pytestmark = pytest.mark.django_db(transaction=True)


def in_wallet(name: str, amount: str) -> User:
    user = User.objects.get(username=name)
    make_sale(user=user, amount=amount)
    return user


def answer(order: Order) -> OrderState:
    services.run_query(order_id=order.pk, at=timezone.now())
    order.refresh_from_db()
    return OrderState(order.state)


def test_cancelling_at_a_silent_gateway_costs_the_page_nothing(silent, settings, plan, buyer):
    settings.ALIPAY_GATEWAY_URL = silent
    order = sent(plan, buyer)
    check(buyer, order)  # another question is on its way
    for _ in range(5):
        assert buyer.post(f"/order/{order.number}/cancel/").headers["Location"] == order.get_absolute_url()
    order.refresh_from_db()
    assert (order.state, order.requested_action) == (OrderState.PENDING, RequestedAction.CANCEL)
    assert queue_length("money") == 1
    assert check(buyer, order) == 5
    page = buyer.get(order.get_absolute_url()).content.decode()
    assert "正在取消订单" in page
    assert "支付宝支付" not in page
    with pytest.raises(services.UnableToPay):
        pay_url(order)


def test_a_cancelled_order_is_closed_there_and_can_be_placed_again_at_once(till, plan, buyer):
    order = sent(plan, buyer)
    trade = till.open(pay_url(order))
    buyer.post(f"/order/{order.number}/cancel/")
    again = services.place_order(user=order.user, item=plan, at=timezone.now())
    assert again.pk != order.pk
    assert answer(order) == OrderState.CLOSED
    assert till.cashier.store.get(trade.trade_no).status == "TRADE_CLOSED"
    assert answer(order) == OrderState.CLOSED


def test_what_was_never_sent_to_the_gateway_is_cancelled_at_once(plan, buyer):
    order = services.place_order(user=User.objects.get(username="buyer"), item=plan, at=timezone.now())
    assert services.cancel(order=order, at=timezone.now()).state == OrderState.CLOSED
    assert queue_length("money") == 0


def test_a_wallet_pays_once_the_gateway_has_let_go(silent, settings, till, plan, buyer):
    there, settings.ALIPAY_GATEWAY_URL = settings.ALIPAY_GATEWAY_URL, silent
    user = in_wallet("buyer", "40.00")
    order = sent(plan, buyer)
    for _ in range(3):
        assert buyer.post("/order/pay/", {"order": order.number, "method": "wallet"}).json()["res"] == 0
    assert wallet.balance_of(user=user) == Decimal("40.00")
    assert "正在使用钱包支付" in buyer.get(order.get_absolute_url()).content.decode()
    settings.ALIPAY_GATEWAY_URL = there
    assert answer(order) == OrderState.FULFILLED
    assert answer(order) == OrderState.FULFILLED
    assert wallet.balance_of(user=user) == Decimal("15.00")
    assert check(buyer, order) == 0


def test_a_requested_action_is_carried_out_without_the_queue(till, plan, buyer):
    user = in_wallet("buyer", "40.00")
    order = sent(plan, buyer)
    services.query_order(order=order, at=timezone.now())
    services.pay_from_wallet(order=order, user=user, at=timezone.now())
    services.reconcile(at=timezone.now(), rate=1000)
    order.refresh_from_db()
    assert order.state == OrderState.FULFILLED


@pytest.mark.parametrize("why", ["spent", "cancelled", "late"])
def test_a_wallet_that_is_not_to_pay_any_more_closes_the_order(till, plan, buyer, why):
    user = in_wallet("buyer", "40.00")
    order = sent(plan, buyer)
    services.pay_from_wallet(order=order, user=user, at=timezone.now())
    if why == "spent":
        other = services.place_order(user=user, item=make_plan(price=Decimal("30.00")), at=timezone.now())
        services.pay_from_wallet(order=other, user=user, at=timezone.now())
    elif why == "cancelled":
        services.cancel(order=order, at=timezone.now())
    else:
        Order.objects.filter(pk=order.pk).update(expires_at=timezone.now())
    before = wallet.balance_of(user=user)
    assert answer(order) == OrderState.CLOSED
    assert wallet.balance_of(user=user) == before


def test_too_little_in_the_wallet_is_said_at_once(silent, settings, plan, buyer):
    settings.ALIPAY_GATEWAY_URL = silent
    order = sent(plan, buyer)
    assert buyer.post("/order/pay/", {"order": order.number, "method": "wallet"}).json()["res"] == 8
    order.refresh_from_db()
    assert order.requested_action == RequestedAction.NONE


@pytest.mark.parametrize("requested_action", [RequestedAction.CANCEL, RequestedAction.WALLET])
def test_an_action_requested_after_the_payment_settles_it(till, plan, buyer, requested_action):
    user = in_wallet("buyer", "40.00")
    order = sent(plan, buyer)
    till.pay(pay_url(order))
    if requested_action == RequestedAction.CANCEL:
        services.cancel(order=order, at=timezone.now())
    else:
        services.pay_from_wallet(order=order, user=user, at=timezone.now())
    assert answer(order) == OrderState.FULFILLED
    assert wallet.balance_of(user=user) == Decimal("40.00")
    assert order.payments.get().gateway != "wallet"
