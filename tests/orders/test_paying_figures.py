"""Prices for members and others, top-ups, and how long an order can be paid."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.orders import services
from apps.users import services as users
from apps.wallet import services as wallet
from apps.wallet.models import Entry
from tests.factories import make_paid_movie, make_user
from tests.orders.figures import NOON, SECOND, placed, yuan

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("amount", "sold"),
    [("0.99", False), ("1.00", True), ("5000.00", True), ("5000.01", False), ("10.005", False), ("-1.00", False)],
)
def test_how_much_can_be_put_into_a_wallet(amount, sold):
    try:
        services.place_top_up(user=make_user(), amount=yuan(amount), at=NOON)
    except services.UnableToPlaceOrder:
        assert not sold
    else:
        assert sold


def test_members_pay_the_members_price_while_they_are():
    movie, user = make_paid_movie(), make_user()
    users.extend_membership(user=user, days=1, at=NOON - timedelta(hours=23, minutes=50))
    assert placed(movie).amount == yuan("10.00")
    order = placed(movie, user)
    assert order.amount == yuan("5.00")
    wallet.move(user=user, amount=yuan("20.00"), kind=Entry.Kind.TOP_UP, reference="x", at=NOON)
    with pytest.raises(services.UnableToPay):
        services.pay_from_wallet(order=order, user=user, at=NOON + timedelta(minutes=10))
    services.pay_from_wallet(order=order, user=user, at=NOON + timedelta(minutes=10) - SECOND)
    assert wallet.balance_of(user=user) == yuan("15.00")
    assert services.owns(user=user, movie_id=movie.pk)


def test_an_order_is_paid_before_its_time_is_over(settings):
    assert settings.ORDER_EXPIRES_AFTER == 1800
    user = make_user()
    wallet.move(user=user, amount=yuan("100.00"), kind=Entry.Kind.TOP_UP, reference="x", at=NOON)
    order = placed(user=user)
    assert order.expires_at == NOON + timedelta(minutes=30)
    with pytest.raises(services.UnableToPay):
        services.pay_from_wallet(order=order, user=user, at=NOON + timedelta(minutes=30))
    services.pay_from_wallet(order=order, user=user, at=NOON + timedelta(minutes=30) - SECOND)
    assert wallet.balance_of(user=user) == yuan("75.00")


def test_a_top_up_is_not_paid_from_the_wallet():
    user = make_user()
    wallet.move(user=user, amount=yuan("100.00"), kind=Entry.Kind.TOP_UP, reference="x", at=NOON)
    order = services.place_top_up(user=user, amount=yuan("10.00"), at=NOON)
    with pytest.raises(services.UnableToPay):
        services.pay_from_wallet(order=order, user=user, at=NOON)
    assert wallet.balance_of(user=user) == yuan("100.00")
