"""Orders whose payment comes late, wrong, twice or never, and a gateway that doesn't answer."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.orders import services
from apps.orders.gateways import GatewayUnclear
from apps.orders.models import Notification, OrderState, Payment, Refund
from apps.users.models import Membership
from tests.cashier import body
from tests.factories import make_user
from tests.orders.steps import pay_url

pytestmark = pytest.mark.django_db(transaction=True)
Verdict = Notification.Verdict


def test_what_the_gateway_never_told_is_found_by_asking(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    till.pay(pay_url(order))
    found = services.reconcile(at=timezone.now(), rate=1000)
    order.refresh_from_db()
    assert (order.state, found.settled) == (OrderState.FULFILLED, 1)
    assert services.reconcile(at=timezone.now() + timedelta(hours=2), rate=1000).queried == 0


def test_an_unpaid_order_closes_at_the_gateway_first(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.open(pay_url(order))
    later = timezone.now() + timedelta(minutes=31)
    services.reconcile(at=timezone.now() + timedelta(minutes=29), rate=1000)
    order.refresh_from_db()
    assert order.state == OrderState.PENDING
    services.reconcile(at=later, rate=1000)
    order.refresh_from_db()
    assert order.state == OrderState.CLOSED
    assert till.cashier.store.get(trade.trade_no).status == "TRADE_CLOSED"
    with pytest.raises(services.UnableToPay):
        pay_url(order)


def test_a_trade_closed_at_the_gateway_closes_the_order(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.open(pay_url(order))
    till.cashier.store.close(trade.trade_no)
    services.reconcile(at=timezone.now(), rate=1000)
    order.refresh_from_db()
    assert order.state == OrderState.CLOSED


def test_an_order_paid_in_its_last_moment_is_settled_instead_of_closed(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    till.pay(pay_url(order))
    services.reconcile(at=timezone.now() + timedelta(minutes=31), rate=1000)
    order.refresh_from_db()
    assert order.state == OrderState.FULFILLED


def test_a_payment_for_a_closed_order_is_kept_and_flagged(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    url = pay_url(order)
    services.close(order=order, at=timezone.now())
    trade = till.pay(url, forced=True)
    notification = services.receive(body=body(till.notification(trade)), address=None, at=timezone.now())
    assert notification.verdict == Verdict.SETTLED
    order.refresh_from_db()
    assert order.state == OrderState.CLOSED
    assert Payment.objects.get().flag == Payment.Flag.CLOSED
    assert not Membership.objects.exists()


def test_by_policy_what_bought_nothing_goes_back_by_itself(till, plan, settings):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    url = pay_url(order)
    services.close(order=order, at=timezone.now())
    trade = till.pay(url, forced=True)
    services.receive(body=body(till.notification(trade)), address=None, at=timezone.now())
    settings.REFUND_UNEXPECTED = False
    services.reconcile(at=timezone.now(), rate=1000)
    assert not Refund.objects.exists()
    settings.REFUND_UNEXPECTED = True
    services.reconcile(at=timezone.now(), rate=1000)
    assert Refund.objects.get().state == Refund.State.DONE
    assert till.cashier.store.refunded(trade.trade_no) == Decimal("25.00")
    services.reconcile(at=timezone.now(), rate=1000)
    assert Refund.objects.count() == 1


def test_a_late_payment_that_nobody_told_of_is_found(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    url = pay_url(order)
    services.close(order=order, at=timezone.now())
    till.pay(url, forced=True)
    services.reconcile(at=timezone.now() + timedelta(hours=1, minutes=1), rate=1000)
    assert Payment.objects.get().flag == Payment.Flag.CLOSED


def test_a_wrong_amount_buys_nothing_and_is_flagged(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.pay(pay_url(order), amount="24.99")
    services.receive(body=body(till.notification(trade)), address=None, at=timezone.now())
    order.refresh_from_db()
    assert (order.state, Payment.objects.get().flag) == (OrderState.CLOSED, Payment.Flag.AMOUNT)
    assert Payment.objects.get().amount == Decimal("24.99")
    assert not Membership.objects.exists()


def test_a_second_trade_for_one_order_is_flagged(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.pay(pay_url(order))
    again = till.cashier.store.get(till.cashier.store.pay_again(trade.trade_no, at=timezone.now()))
    for one in (trade, again, trade, again):
        services.receive(body=body(till.notification(one)), address=None, at=timezone.now())
    assert sorted(Payment.objects.values_list("flag", flat=True)) == ["", "twice"]
    assert Membership.objects.count() == 1


def test_a_gateway_that_cannot_be_reached_leaves_the_order_open(plan, settings):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    pay_url(order)
    settings.ALIPAY_GATEWAY_URL = "http://127.0.0.1:9/gateway.do"
    order.refresh_from_db()
    with pytest.raises(GatewayUnclear):
        services.close(order=order, at=timezone.now())
    assert services.reconcile(at=timezone.now() + timedelta(hours=1), rate=1000).unclear == 1
    order.refresh_from_db()
    assert order.state == OrderState.PENDING
