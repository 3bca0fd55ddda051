"""What settles an order and what doesn't, to the fen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.orders import services
from apps.orders.gateways import TradeStatus
from apps.orders.models import Order, OrderState, Payment, Purchase
from apps.users.models import Membership, User
from apps.wallet import services as wallet
from apps.wallet.models import Entry
from tests.factories import make_paid_movie, make_user
from tests.orders.figures import NOON, SECOND, paid, placed, yuan

pytestmark = pytest.mark.django_db
Flag = Payment.Flag


def test_the_right_amount_gives_what_was_bought():
    order = placed()
    assert (order.amount, order.list_price, order.days) == (yuan("25.00"), yuan("25.00"), 30)
    payment = paid(order)
    assert (order.state, payment.flag, payment.amount) == (OrderState.FULFILLED, "", yuan("25.00"))
    given = Membership.objects.get()
    assert (given.starts_at, given.ends_at) == (NOON, NOON + timedelta(days=30))


@pytest.mark.parametrize("amount", ["24.99", "25.01", "0.01", "2500.00"])
def test_another_amount_buys_nothing_and_closes_the_order(amount):
    order = placed()
    payment = paid(order, amount=amount)
    assert (order.state, payment.flag, payment.amount) == (OrderState.CLOSED, Flag.AMOUNT, yuan(amount))
    assert not Membership.objects.exists()


def test_the_same_news_again_changes_nothing_and_another_trade_is_flagged():
    order = placed()
    for _ in range(3):
        assert paid(order).flag == ""
    assert (Payment.objects.count(), Membership.objects.count()) == (1, 1)
    assert paid(order, trade_no="T2").flag == Flag.TWICE
    assert (order.state, Membership.objects.count()) == (OrderState.FULFILLED, 1)


def test_money_for_a_closed_order_is_kept_and_flagged():
    order = placed()
    services.cancel(order=order, at=NOON)
    assert paid(order).flag == Flag.CLOSED
    assert (order.state, Membership.objects.exists()) == (OrderState.CLOSED, False)


def test_money_of_a_deleted_account_buys_nothing():
    order = placed()
    User.objects.update(is_active=False)
    assert (paid(order).flag, order.state) == (Flag.CLOSED, OrderState.CLOSED)
    assert not Membership.objects.exists()


@pytest.mark.parametrize(("through", "flag"), [("A1", ""), ("A2", Flag.APP), ("", "")])
def test_money_through_another_application_buys_nothing(through, flag):
    order = placed(gateway="cashier", app_id="A1")
    assert paid(order, app_id=through).flag == flag
    assert Membership.objects.exists() is (flag == "")


@pytest.mark.parametrize("status", [TradeStatus.WAITING, TradeStatus.CLOSED])
def test_what_is_not_paid_is_not_settled(status):
    order = placed()
    with pytest.raises(ValueError, match="paid"):
        paid(order, status=status, paid_at=None)
    assert not Payment.objects.exists()
    order.refresh_from_db()
    assert order.state == OrderState.PENDING


def test_a_title_that_is_owned_already_is_not_bought_twice():
    movie, user = make_paid_movie(), make_user()
    first = placed(movie, user)
    assert first.amount == yuan("10.00")
    Order.objects.update(expires_at=NOON + SECOND)  # too late to be offered again
    second = placed(movie, user)
    assert second.pk != first.pk
    assert paid(first, amount="10.00").flag == ""
    assert paid(second, amount="10.00", trade_no="T2").flag == Flag.OWNED
    assert (second.state, Purchase.objects.count()) == (OrderState.PAID, 1)


def test_a_top_up_is_worth_its_fen():
    user = make_user()
    order = services.place_top_up(user=user, amount=yuan("12.34"), at=NOON)
    paid(order, amount="12.34")
    assert wallet.balance_of(user=user) == yuan("12.34")
    assert list(Entry.objects.values_list("amount", "balance_after", "kind")) == [
        (yuan("12.34"), yuan("12.34"), "top_up")
    ]
