"""Money sent back: all of it, a part of it, once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.orders import services
from apps.orders.models import OrderState, Payment, Refund
from apps.users import services as users
from apps.wallet import services as wallet
from tests.factories import make_paid_movie, make_user
from tests.orders.steps import bought, top_up

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_full_refund_takes_back_exactly_what_the_order_gave(till, plan):
    user, at = make_user(), timezone.now()
    first = bought(till, user, plan)
    by_hand = users.extend_membership(user=user, days=7, at=timezone.now())
    third = bought(till, user, plan)
    payment = Payment.objects.get(order=first)
    row = services.refund(payment=payment, amount=Decimal("25.00"), reason="asked for", by=None, at=timezone.now())
    assert services.execute_refund(refund=row, at=timezone.now()).state == Refund.State.DONE
    first.refresh_from_db()
    by_hand.refresh_from_db()
    third.membership.refresh_from_db()
    assert first.state == OrderState.REFUNDED
    end = users.membership_end(user=user, at=timezone.now() + timedelta(seconds=1))
    assert abs(end - at - timedelta(days=37)) < timedelta(minutes=1)
    assert by_hand.ends_at == third.membership.starts_at


def test_a_part_refund_leaves_the_membership_and_the_last_part_ends_it(till, plan):
    user = make_user()
    payment = Payment.objects.get(order=bought(till, user, plan))
    for amount, member in (("10.00", True), ("15.00", False)):
        row = services.refund(payment=payment, amount=Decimal(amount), reason="x", by=None, at=timezone.now())
        services.execute_refund(refund=row, at=timezone.now())
        assert users.is_member(user=user, at=timezone.now()) is member
    with pytest.raises(services.UnableToRefund):
        services.refund(payment=payment, amount=Decimal("0.01"), reason="x", by=None, at=timezone.now())
    assert till.cashier.store.refunded(payment.trade_no) == Decimal("25.00")


def test_a_refund_whose_answer_was_lost_is_asked_for_again_and_paid_once(till, plan, settings):
    payment = Payment.objects.get(order=bought(till, make_user(), plan))
    row = services.refund(payment=payment, amount=Decimal("25.00"), reason="x", by=None, at=timezone.now())
    till.cashier.store.refund(payment.trade_no, row.number, row.amount, at=timezone.now())  # it was done; nobody heard
    url, settings.ALIPAY_GATEWAY_URL = settings.ALIPAY_GATEWAY_URL, "http://127.0.0.1:9/gateway.do"
    assert services.execute_refund(refund=row, at=timezone.now()).state == Refund.State.REQUESTED
    settings.ALIPAY_GATEWAY_URL = url
    assert services.reconcile(at=timezone.now() + timedelta(seconds=61), rate=1000).refunds_done == 1
    assert till.cashier.store.refunded(payment.trade_no) == Decimal("25.00")


def test_a_refund_that_the_gateway_refuses_frees_the_money_again(till, plan):
    payment = Payment.objects.get(order=bought(till, make_user(), plan))
    till.cashier.store.refund(payment.trade_no, "by hand at the gateway", Decimal("20.00"), at=timezone.now())
    row = services.refund(payment=payment, amount=Decimal("25.00"), reason="x", by=None, at=timezone.now())
    assert services.execute_refund(refund=row, at=timezone.now()).state == Refund.State.FAILED
    payment.refresh_from_db()
    assert payment.refunded == 0


def test_a_spent_top_up_cannot_be_refunded(till):
    user, movie = make_user(), make_paid_movie()
    order = top_up(till, user, "10.00")
    payment = Payment.objects.get(order=order)
    paid = services.place_order(user=user, item=movie, at=timezone.now())
    services.pay_from_wallet(order=paid, user=user, at=timezone.now())
    with pytest.raises(services.UnableToRefund):
        services.refund(payment=payment, amount=Decimal("10.00"), reason="x", by=None, at=timezone.now())
    payment.refresh_from_db()
    assert payment.refunded == 0
    back = Payment.objects.get(order=paid)
    services.refund(payment=back, amount=Decimal("10.00"), reason="x", by=None, at=timezone.now())
    assert wallet.balance_of(user=user) == Decimal("10.00")
    assert not services.owns(user=user, movie_id=movie.pk)
    row = services.refund(payment=payment, amount=Decimal("10.00"), reason="x", by=None, at=timezone.now())
    assert services.execute_refund(refund=row, at=timezone.now()).state == Refund.State.DONE
    assert wallet.balance_of(user=user) == 0
