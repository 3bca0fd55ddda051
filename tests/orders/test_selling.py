"""An order from its placing to its end, through the real SDK and the cashier's own process."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apps.movies.models import Audience, Movie
from apps.orders import services
from apps.orders.models import Order, OrderState, Payment, Plan, Purchase
from apps.orders.services.buying import new_number
from apps.users import services as users
from apps.users.models import Membership
from apps.wallet import services as wallet
from tests.factories import make_member, make_paid_movie, make_user
from tests.orders.steps import bought, pay_url, settled, top_up

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_paid_plan_gives_its_days(till, plan):
    user, before = make_user(), timezone.now()
    order = bought(till, user, plan)
    assert order.state == OrderState.FULFILLED
    payment = Payment.objects.get()
    assert (payment.amount, payment.flag, payment.order) == (Decimal("25.00"), "", order)
    end = users.membership_end(user=user, at=timezone.now())
    assert timedelta(0) <= end - before - timedelta(days=30) < timedelta(minutes=1)


def test_memberships_follow_on_each_other(till, plan):
    user = make_user()
    first, second = bought(till, user, plan), bought(till, user, plan)
    assert first.membership.ends_at == second.membership.starts_at
    assert users.membership_end(user=user, at=timezone.now()) == second.membership.ends_at


def test_the_price_of_an_order_never_changes_with_the_plans(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    Plan.objects.update(price=Decimal("99.00"), days=1)
    settled(till, order)
    order.refresh_from_db()
    assert (order.amount, order.days) == (Decimal("25.00"), 30)
    assert order.membership.ends_at - order.membership.starts_at == timedelta(days=30)


def test_a_second_click_is_the_same_order(plan):
    user = make_user()
    orders = {services.place_order(user=user, item=plan, at=timezone.now()).number for _ in range(3)}
    assert len(orders) == 1
    assert services.place_order(user=make_user(), item=plan, at=timezone.now()).number not in orders


def test_a_title_is_sold_to_the_audience_of_the_request(client, monkeypatch):
    """A rule on something of the request, such as a region, holds for selling too, and shuts nobody out."""

    class Here(Audience):
        pass

    monkeypatch.setattr(Audience, "of", classmethod(lambda cls, request: Here(request.user, timezone.now())))
    monkeypatch.setattr(Movie, "is_released", lambda movie, audience: isinstance(audience, Here))
    user, movie = make_user(), make_paid_movie()
    client.force_login(user)
    with pytest.raises(services.UnableToPlaceOrder):
        services.place_order(user=user, item=movie, at=timezone.now())
    assert client.post(reverse("orders:commit"), {"movie": movie.pk}).json()["res"] == 0


def test_numbers_tell_nothing_of_each_other():
    numbers = [int(new_number(timezone.now())[8:]) for _ in range(300)]
    steps = [b - a for a, b in pairwise(numbers)]
    assert len(set(numbers)) == 300
    assert 100 < sum(step > 0 for step in steps) < 200


def test_a_title_is_bought_at_the_members_price_and_stays(till):
    movie = make_paid_movie()
    member, other = make_member(), make_user()
    assert services.place_order(user=member, item=movie, at=timezone.now()).amount == Decimal("5.00")
    assert services.place_order(user=other, item=movie, at=timezone.now()).amount == Decimal("10.00")
    bought(till, member, movie)
    Membership.objects.all().delete()
    assert services.owns(user=member, movie_id=movie.pk)
    assert not services.owns(user=other, movie_id=movie.pk)
    with pytest.raises(services.AlreadyOwned):
        services.place_order(user=member, item=movie, at=timezone.now())


def test_a_title_paid_by_two_orders_is_owned_once(till):
    movie, user = make_paid_movie(), make_user()
    first = services.place_order(user=user, item=movie, at=timezone.now())
    Order.objects.filter(pk=first.pk).update(amount=Decimal("9.00"), list_price=Decimal("9.00"))
    first.refresh_from_db()
    second = services.place_order(user=user, item=movie, at=timezone.now())
    assert first.pk != second.pk
    settled(till, first)
    settled(till, second)
    assert (second.state, Purchase.objects.count()) == (OrderState.PAID, 1)
    payment = Payment.objects.get(order=second)
    assert payment.flag == Payment.Flag.OWNED
    row = services.refund(payment=payment, amount=payment.amount, reason="x", by=None, at=timezone.now())
    services.execute_refund(refund=row, at=timezone.now())
    second.refresh_from_db()
    assert second.state == OrderState.REFUNDED
    assert services.owns(user=user, movie_id=movie.pk)


def test_a_top_up_and_a_purchase_from_the_wallet(till):
    user, movie = make_user(), make_paid_movie()
    order = services.place_order(user=user, item=movie, at=timezone.now())
    with pytest.raises(wallet.NotEnoughMoney):
        services.pay_from_wallet(order=order, user=user, at=timezone.now())
    assert Order.objects.get(pk=order.pk).state == OrderState.PENDING
    top_up(till, user, "12.50")
    for _ in range(2):
        services.pay_from_wallet(order=order, user=user, at=timezone.now())
    assert wallet.balance_of(user=user) == Decimal("2.50")
    assert services.owns(user=user, movie_id=movie.pk)


def test_the_state_table_is_kept(plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    with pytest.raises(ValueError, match="never moves"):
        Order.objects.filter(pk=order.pk).move(OrderState.CLOSED, OrderState.PAID, paid_at=timezone.now())
    for wrong in (
        {"state": "paid"}, {"state": "nonsense"}, {"state": "closed"}, {"amount": Decimal("1.00")},
        {"amount": Decimal(0), "discount": Decimal("25.00")}, {"state": "refunded", "refunded_at": timezone.now()},
        {"kind": "title"}, {"days": None},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Order.objects.filter(pk=order.pk).update(**wrong)


def test_the_ledger_is_only_added_to(till):
    user = make_user()
    top_up(till, user, "1.00")
    entry = user.wallet.entries.get()
    for attempt in (entry.delete, entry.save, user.wallet.entries.all().delete):
        with pytest.raises(TypeError):
            attempt()
    with pytest.raises(TypeError):
        user.wallet.entries.update(amount=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        type(user.wallet).objects.update(balance=Decimal("-0.01"))


def test_buying_as_a_stranger_leads_through_sign_in_and_back_to_the_offer(client, plan):
    movie = make_paid_movie()
    for form, sold in (({"plan": plan.pk}, "/order/openvip/"), ({"movie": movie.pk}, f"/order/title/{movie.pk}/"),
                       ({"amount": "30"}, "/user/wallet/1/"), ({}, "/order/openvip/")):  # fmt: skip
        answer = client.post("/order/buy/", form)
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/user/login/?next={sold}"
    assert client.get("/order/buy/").headers["Location"] == "/order/openvip/"
    assert not Order.objects.exists()


def test_a_wallet_pays_only_after_the_gateway_let_go(till, plan):
    user = make_user()
    top_up(till, user, "60.00")
    order = services.place_order(user=user, item=plan, at=timezone.now())
    trade = till.open(pay_url(order))
    order.refresh_from_db()
    assert services.pay_from_wallet(order=order, user=user, at=timezone.now()).state == OrderState.PENDING
    services.run_query(order_id=order.pk, at=timezone.now())
    assert till.cashier.store.get(trade.trade_no).status == "TRADE_CLOSED"
    assert order.payments.get().gateway == "wallet"
    paid_there = services.place_order(user=user, item=plan, at=timezone.now())
    till.pay(pay_url(paid_there))
    paid_there.refresh_from_db()
    services.pay_from_wallet(order=paid_there, user=user, at=timezone.now())
    services.run_query(order_id=paid_there.pk, at=timezone.now())
    assert wallet.balance_of(user=user) == Decimal("35.00")
    assert paid_there.payments.get().gateway != "wallet"
