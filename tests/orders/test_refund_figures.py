"""How much of a payment can be refunded, and what a refund takes back."""

from __future__ import annotations

import pytest

from apps.orders import services
from apps.orders.models import OrderState, Payment, Refund
from apps.users import services as users
from apps.wallet import services as wallet
from apps.wallet.models import Entry
from tests.factories import make_paid_movie, make_sale, make_user
from tests.orders.figures import NOON, SECOND, done, paid, placed, refund, yuan

pytestmark = pytest.mark.django_db


def test_parts_leave_what_was_bought_and_the_last_takes_it_back():
    order = placed()
    payment = paid(order)
    done(refund(payment, "24.99"))
    order.refresh_from_db()
    assert (order.state, users.is_member(user=order.user, at=NOON + 2 * SECOND)) == (OrderState.FULFILLED, True)
    done(refund(payment, "0.01"))
    order.refresh_from_db()
    assert (order.state, users.is_member(user=order.user, at=NOON + 2 * SECOND)) == (OrderState.REFUNDED, False)
    payment.refresh_from_db()
    assert payment.refunded == yuan("25.00")


@pytest.mark.parametrize("amount", ["0.00", "-0.01", "0.005", "25.01", "12.505"])
def test_what_cannot_go_back(amount):
    payment = paid(placed())
    with pytest.raises(services.UnableToRefund):
        refund(payment, amount)
    payment.refresh_from_db()
    assert (payment.refunded, Refund.objects.count()) == (yuan("0.00"), 0)


def test_no_more_goes_back_than_was_paid():
    payment = paid(placed())
    refund(payment, "20.00")
    with pytest.raises(services.UnableToRefund):
        refund(payment, "5.01")
    assert refund(payment, "5.00").state == Refund.State.REQUESTED


def test_a_refund_takes_back_what_its_own_order_gave():
    user, kept, returned = make_user(), make_paid_movie(), make_paid_movie()
    make_sale(user=user, item=kept)
    payment = Payment.objects.get(order=make_sale(user=user, item=returned))
    done(refund(payment, "10.00"))
    assert services.owns(user=user, movie_id=kept.pk)
    assert not services.owns(user=user, movie_id=returned.pk)


def test_a_refund_is_done_once():
    user, movie = make_user(), make_paid_movie()
    wallet.move(user=user, amount=yuan("30.00"), kind=Entry.Kind.TOP_UP, reference="x", at=NOON)
    services.pay_from_wallet(order=placed(movie, user), user=user, at=NOON)
    assert wallet.balance_of(user=user) == yuan("20.00")
    row = refund(Payment.objects.get(), "10.00")  # from the wallet: here and now
    assert (row.state, wallet.balance_of(user=user)) == (Refund.State.DONE, yuan("30.00"))
    assert row.done_at == NOON
    done(row)
    row.refresh_from_db()
    assert (row.done_at, wallet.balance_of(user=user)) == (NOON, yuan("30.00"))


def test_a_top_up_goes_back_as_far_as_it_was_not_spent():
    user = make_user()
    payment = Payment.objects.get(order=make_sale(user=user, amount="10.00"))
    wallet.move(user=user, amount=yuan("-4.00"), kind=Entry.Kind.PURCHASE, reference="y", at=NOON)
    with pytest.raises(services.UnableToRefund):
        refund(payment, "6.01")
    refund(payment, "6.00")
    assert wallet.balance_of(user=user) == yuan("0.00")
