"""An order from its placing to its end, through the real SDK and the cashier's own process."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.orders import services
from apps.orders.models import Coupon, Notification, Order, Payment, Plan, Purchase, Refund, State
from apps.users.models import Membership
from apps.users.services import extend_membership, is_member, membership_end
from apps.wallet.services import NotEnoughMoney, balance_of
from tests.cashier import body
from tests.factories import make_member, make_paid_movie, make_user

pytestmark = pytest.mark.django_db(transaction=True)
Verdict = Notification.Verdict


@pytest.fixture
def plan() -> Plan:
    return Plan.objects.create(name="月卡", price=Decimal("25.00"), days=30)


def _pay_url(order: Order) -> str:
    return services.pay_by_gateway(order=order, phone=False, site="http://testserver/", at=timezone.now())


def _bought(till, user, item, code: str = "") -> Order:
    order = services.place_order(user=user, item=item, at=timezone.now(), code=code)
    return _settled(till, order)


def _settled(till, order: Order) -> Order:
    trade = till.pay(_pay_url(order))
    notice = services.receive(body=body(till.notice(trade)), address="127.0.0.1", at=timezone.now())
    assert notice.verdict == Verdict.SETTLED
    order.refresh_from_db()
    return order


def _top_up(till, user, amount: str) -> Order:
    return _settled(till, services.place_top_up(user=user, amount=Decimal(amount), at=timezone.now()))


def test_a_paid_plan_gives_its_days(till, plan):
    user, before = make_user(), timezone.now()
    order = _bought(till, user, plan)
    assert order.state == State.FULFILLED
    payment = Payment.objects.get()
    assert (payment.amount, payment.flag, payment.order) == (Decimal("25.00"), "", order)
    end = membership_end(user=user, at=timezone.now())
    assert timedelta(0) <= end - before - timedelta(days=30) < timedelta(minutes=1)


def test_memberships_follow_on_each_other(till, plan):
    user = make_user()
    first, second = _bought(till, user, plan), _bought(till, user, plan)
    assert first.membership.ends_at == second.membership.starts_at
    assert membership_end(user=user, at=timezone.now()) == second.membership.ends_at


def test_the_price_of_an_order_never_changes_with_the_plans(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    Plan.objects.update(price=Decimal("99.00"), days=1)
    _settled(till, order)
    order.refresh_from_db()
    assert (order.amount, order.days) == (Decimal("25.00"), 30)
    assert order.membership.ends_at - order.membership.starts_at == timedelta(days=30)


def test_a_second_click_is_the_same_order(plan):
    user = make_user()
    orders = {services.place_order(user=user, item=plan, at=timezone.now()).number for _ in range(3)}
    assert len(orders) == 1
    assert services.place_order(user=make_user(), item=plan, at=timezone.now()).number not in orders


def test_numbers_tell_nothing_of_each_other():
    from apps.orders.services.buying import new_number

    numbers = [int(new_number(timezone.now())[8:]) for _ in range(300)]
    steps = [b - a for a, b in pairwise(numbers)]
    assert len(set(numbers)) == 300
    assert 100 < sum(step > 0 for step in steps) < 200


def test_what_the_gateway_never_told_is_found_by_asking(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    till.pay(_pay_url(order))
    found = services.reconcile(at=timezone.now(), rate=1000)
    order.refresh_from_db()
    assert (order.state, found.settled) == (State.FULFILLED, 1)
    assert services.reconcile(at=timezone.now() + timedelta(hours=2), rate=1000).asked == 0


def test_an_unpaid_order_closes_at_the_gateway_first(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.open(_pay_url(order))
    later = timezone.now() + timedelta(minutes=31)
    services.reconcile(at=timezone.now() + timedelta(minutes=29), rate=1000)
    order.refresh_from_db()
    assert order.state == State.PENDING
    services.reconcile(at=later, rate=1000)
    order.refresh_from_db()
    assert order.state == State.CLOSED
    assert till.desk.store.get(trade.trade_no).status == "TRADE_CLOSED"
    with pytest.raises(services.UnableToPay):
        _pay_url(order)


def test_an_order_paid_in_its_last_moment_is_settled_instead_of_closed(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    till.pay(_pay_url(order))
    services.reconcile(at=timezone.now() + timedelta(minutes=31), rate=1000)
    order.refresh_from_db()
    assert order.state == State.FULFILLED


def test_a_payment_for_a_closed_order_is_kept_and_flagged(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    url = _pay_url(order)
    services.close(order=order, at=timezone.now())
    trade = till.pay(url, forced=True)
    notice = services.receive(body=body(till.notice(trade)), address=None, at=timezone.now())
    assert notice.verdict == Verdict.SETTLED
    order.refresh_from_db()
    assert order.state == State.CLOSED
    assert Payment.objects.get().flag == Payment.Flag.CLOSED
    assert not Membership.objects.exists()


def test_by_policy_what_bought_nothing_goes_back_by_itself(till, plan, settings):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    url = _pay_url(order)
    services.close(order=order, at=timezone.now())
    trade = till.pay(url, forced=True)
    services.receive(body=body(till.notice(trade)), address=None, at=timezone.now())
    settings.REFUND_UNEXPECTED = False
    services.reconcile(at=timezone.now(), rate=1000)
    assert not Refund.objects.exists()
    settings.REFUND_UNEXPECTED = True
    services.reconcile(at=timezone.now(), rate=1000)
    assert Refund.objects.get().state == Refund.State.DONE
    assert till.desk.store.refunded(trade.trade_no) == Decimal("25.00")
    services.reconcile(at=timezone.now(), rate=1000)
    assert Refund.objects.count() == 1


def test_a_late_payment_that_nobody_told_of_is_found(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    url = _pay_url(order)
    services.close(order=order, at=timezone.now())
    till.pay(url, forced=True)
    services.reconcile(at=timezone.now() + timedelta(hours=1, minutes=1), rate=1000)
    assert Payment.objects.get().flag == Payment.Flag.CLOSED


def test_a_wrong_amount_buys_nothing_and_is_flagged(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.pay(_pay_url(order), amount="24.99")
    services.receive(body=body(till.notice(trade)), address=None, at=timezone.now())
    order.refresh_from_db()
    assert (order.state, Payment.objects.get().flag) == (State.CLOSED, Payment.Flag.AMOUNT)
    assert Payment.objects.get().amount == Decimal("24.99")
    assert not Membership.objects.exists()


def test_a_second_trade_for_one_order_is_flagged(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.pay(_pay_url(order))
    again = till.desk.store.get(till.desk.store.pay_again(trade.trade_no, at=timezone.now()))
    for one in (trade, again, trade, again):
        services.receive(body=body(till.notice(one)), address=None, at=timezone.now())
    assert sorted(Payment.objects.values_list("flag", flat=True)) == ["", "twice"]
    assert Membership.objects.count() == 1


def test_a_title_is_bought_at_the_members_price_and_stays(till):
    movie = make_paid_movie()
    member, other = make_member(), make_user()
    assert services.place_order(user=member, item=movie, at=timezone.now()).amount == Decimal("5.00")
    assert services.place_order(user=other, item=movie, at=timezone.now()).amount == Decimal("10.00")
    _bought(till, member, movie)
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
    _settled(till, first)
    _settled(till, second)
    assert (second.state, Purchase.objects.count()) == (State.PAID, 1)
    payment = Payment.objects.get(order=second)
    assert payment.flag == Payment.Flag.OWNED
    row = services.refund(payment=payment, amount=payment.amount, reason="x", by=None, at=timezone.now())
    services.carry_out(refund=row, at=timezone.now())
    second.refresh_from_db()
    assert second.state == State.REFUNDED
    assert services.owns(user=user, movie_id=movie.pk)


def test_a_top_up_and_a_purchase_from_the_wallet(till):
    user, movie = make_user(), make_paid_movie()
    order = services.place_order(user=user, item=movie, at=timezone.now())
    with pytest.raises(NotEnoughMoney):
        services.pay_from_wallet(order=order, user=user, at=timezone.now())
    assert Order.objects.get(pk=order.pk).state == State.PENDING
    _top_up(till, user, "12.50")
    for _ in range(2):
        services.pay_from_wallet(order=order, user=user, at=timezone.now())
    assert balance_of(user=user) == Decimal("2.50")
    assert services.owns(user=user, movie_id=movie.pk)


def test_a_full_refund_takes_back_exactly_what_the_order_gave(till, plan):
    user, at = make_user(), timezone.now()
    first = _bought(till, user, plan)
    by_hand = extend_membership(user=user, days=7, at=timezone.now())
    third = _bought(till, user, plan)
    payment = Payment.objects.get(order=first)
    row = services.refund(payment=payment, amount=Decimal("25.00"), reason="asked for", by=None, at=timezone.now())
    assert services.carry_out(refund=row, at=timezone.now()).state == Refund.State.DONE
    first.refresh_from_db()
    by_hand.refresh_from_db()
    third.membership.refresh_from_db()
    assert first.state == State.REFUNDED
    end = membership_end(user=user, at=timezone.now() + timedelta(seconds=1))
    assert abs(end - at - timedelta(days=37)) < timedelta(minutes=1)
    assert by_hand.ends_at == third.membership.starts_at


def test_a_part_refund_leaves_the_membership_and_the_last_part_ends_it(till, plan):
    user = make_user()
    payment = Payment.objects.get(order=_bought(till, user, plan))
    for amount, member in (("10.00", True), ("15.00", False)):
        row = services.refund(payment=payment, amount=Decimal(amount), reason="x", by=None, at=timezone.now())
        services.carry_out(refund=row, at=timezone.now())
        assert is_member(user=user, at=timezone.now()) is member
    with pytest.raises(services.UnableToRefund):
        services.refund(payment=payment, amount=Decimal("0.01"), reason="x", by=None, at=timezone.now())
    assert till.desk.store.refunded(payment.trade_no) == Decimal("25.00")


def test_a_refund_whose_answer_was_lost_is_asked_for_again_and_paid_once(till, plan, settings):
    payment = Payment.objects.get(order=_bought(till, make_user(), plan))
    row = services.refund(payment=payment, amount=Decimal("25.00"), reason="x", by=None, at=timezone.now())
    till.desk.store.refund(payment.trade_no, row.number, row.amount, at=timezone.now())  # it was done; nobody heard
    url, settings.ALIPAY_GATEWAY_URL = settings.ALIPAY_GATEWAY_URL, "http://127.0.0.1:9/gateway.do"
    assert services.carry_out(refund=row, at=timezone.now()).state == Refund.State.REQUESTED
    settings.ALIPAY_GATEWAY_URL = url
    assert services.reconcile(at=timezone.now() + timedelta(seconds=61), rate=1000).sent_back == 1
    assert till.desk.store.refunded(payment.trade_no) == Decimal("25.00")


def test_a_refund_that_the_gateway_refuses_frees_the_money_again(till, plan):
    payment = Payment.objects.get(order=_bought(till, make_user(), plan))
    till.desk.store.refund(payment.trade_no, "by hand at the gateway", Decimal("20.00"), at=timezone.now())
    row = services.refund(payment=payment, amount=Decimal("25.00"), reason="x", by=None, at=timezone.now())
    assert services.carry_out(refund=row, at=timezone.now()).state == Refund.State.FAILED
    payment.refresh_from_db()
    assert payment.refunded == 0


def test_a_spent_top_up_cannot_be_refunded(till):
    user, movie = make_user(), make_paid_movie()
    order = _top_up(till, user, "10.00")
    payment = Payment.objects.get(order=order)
    paid = services.place_order(user=user, item=movie, at=timezone.now())
    services.pay_from_wallet(order=paid, user=user, at=timezone.now())
    with pytest.raises(services.UnableToRefund):
        services.refund(payment=payment, amount=Decimal("10.00"), reason="x", by=None, at=timezone.now())
    payment.refresh_from_db()
    assert payment.refunded == 0
    back = Payment.objects.get(order=paid)
    services.refund(payment=back, amount=Decimal("10.00"), reason="x", by=None, at=timezone.now())
    assert balance_of(user=user) == Decimal("10.00")
    assert not services.owns(user=user, movie_id=movie.pk)
    row = services.refund(payment=payment, amount=Decimal("10.00"), reason="x", by=None, at=timezone.now())
    assert services.carry_out(refund=row, at=timezone.now()).state == Refund.State.DONE
    assert balance_of(user=user) == 0


def test_a_gateway_that_cannot_be_reached_leaves_the_order_open(plan, settings):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    _pay_url(order)
    settings.ALIPAY_GATEWAY_URL = "http://127.0.0.1:9/gateway.do"
    order.refresh_from_db()
    from apps.orders.gateways import GatewayUnclear

    with pytest.raises(GatewayUnclear):
        services.close(order=order, at=timezone.now())
    assert services.reconcile(at=timezone.now() + timedelta(hours=1), rate=1000).unclear == 1
    order.refresh_from_db()
    assert order.state == State.PENDING


# --- Coupons ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "amount"),
    [
        ("percent", "20", "20.00"),
        ("percent", "33.33", "16.67"),
        ("percent", "100", "0.01"),
        ("amount", "5.50", "19.50"),
        ("amount", "25.00", "0.01"),
        ("amount", "9999", "0.01"),
    ],
)
def test_what_a_coupon_takes_off(plan, kind, value, amount):
    Coupon.objects.create(code="HALLO", kind=kind, value=Decimal(value))
    order = services.place_order(user=make_user(), item=plan, at=timezone.now(), code=" hallo ")
    assert (order.amount, order.list_price) == (Decimal(amount), Decimal("25.00"))


def test_coupons_have_limits(plan):
    other = Plan.objects.create(name="年", price=Decimal("200.00"), days=365)
    coupon = Coupon.objects.create(code="FIRST", kind="amount", value=Decimal(5), limit=2)
    coupon.plans.add(plan)
    users, at = [make_user() for _ in range(3)], timezone.now()
    with pytest.raises(services.CouponRefused):
        services.place_order(user=users[0], item=other, at=at, code="FIRST")
    first = services.place_order(user=users[0], item=plan, at=at, code="FIRST")
    assert services.place_order(user=users[0], item=plan, at=at, code="first").pk == first.pk
    services.place_order(user=users[1], item=plan, at=at, code="FIRST")
    with pytest.raises(services.CouponRefused):
        services.place_order(user=users[2], item=plan, at=at, code="FIRST")
    services.close(order=first, at=at)  # its use is free again
    services.place_order(user=users[2], item=plan, at=at, code="FIRST")
    for code in ("NONE", ""):
        if code:
            with pytest.raises(services.CouponRefused):
                services.place_order(user=users[0], item=plan, at=at, code=code)
    coupon.ends_at = at
    coupon.limit = None
    coupon.save()
    with pytest.raises(services.CouponRefused):
        services.place_order(user=make_user(), item=plan, at=at, code="FIRST")


# --- What the database itself refuses ----------------------------------------------------------


def test_the_state_table_is_kept(plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    with pytest.raises(ValueError, match="never moves"):
        Order.objects.filter(pk=order.pk).move(State.CLOSED, State.PAID, paid_at=timezone.now())
    for wrong in (
        {"state": "paid"}, {"state": "nonsense"}, {"state": "closed"}, {"amount": Decimal("1.00")},
        {"amount": Decimal(0), "discount": Decimal("25.00")}, {"state": "refunded", "refunded_at": timezone.now()},
        {"kind": "title"}, {"days": None},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Order.objects.filter(pk=order.pk).update(**wrong)


def test_the_ledger_is_only_added_to(till):
    user = make_user()
    _top_up(till, user, "1.00")
    entry = user.wallet.entries.get()
    for attempt in (entry.delete, entry.save, user.wallet.entries.all().delete):
        with pytest.raises(TypeError):
            attempt()
    with pytest.raises(TypeError):
        user.wallet.entries.update(amount=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        type(user.wallet).objects.update(balance=Decimal("-0.01"))


# --- Before somebody is signed in ----------------------------------------------------------------


def test_a_stranger_who_buys_signs_in_and_is_back_where_it_is_sold(client, plan):
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
    _top_up(till, user, "60.00")
    order = services.place_order(user=user, item=plan, at=timezone.now())
    trade = till.open(_pay_url(order))
    order.refresh_from_db()
    services.pay_from_wallet(order=order, user=user, at=timezone.now())
    assert till.desk.store.get(trade.trade_no).status == "TRADE_CLOSED"
    paid_there = services.place_order(user=user, item=plan, at=timezone.now())
    till.pay(_pay_url(paid_there))
    paid_there.refresh_from_db()
    assert services.pay_from_wallet(order=paid_there, user=user, at=timezone.now()).state == State.FULFILLED
    assert balance_of(user=user) == Decimal("35.00")
    assert paid_there.payments.get().gateway != "wallet"


def test_a_trade_closed_at_the_gateway_closes_the_order(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.open(_pay_url(order))
    till.desk.store.close(trade.trade_no)
    services.reconcile(at=timezone.now(), rate=1000)
    order.refresh_from_db()
    assert order.state == State.CLOSED
