"""Money to the fen, in figures written out: what settles an order, what goes back, what a coupon takes off.

Trades come straight into `settle`, as every piece of news from the gateway does in the end.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from apps.movies.models import Movie
from apps.orders import services
from apps.orders.gateways import Trade, TradeStatus
from apps.orders.gateways.protocol import format_time, parse_amount, parse_time, signed_text
from apps.orders.models import Coupon, Order, OrderState, Payment, Plan, Purchase, Refund
from apps.orders.services.coupons import count_attempt, discount_for
from apps.orders.services.refunding import complete
from apps.users import services as users
from apps.users.models import Membership, User
from apps.wallet import services as wallet
from apps.wallet.models import Entry, Wallet
from tests.factories import make_paid_movie, make_plan, make_sale, make_user

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.get_default_timezone())
SECOND = timedelta(seconds=1)
Flag = Payment.Flag


def yuan(text: str) -> Decimal:
    return Decimal(text)


def placed(item: Plan | Movie | None = None, user: User | None = None, **sent: str) -> Order:
    """An order of 25.00 for 30 days, or for `item`, as it was `sent`."""
    order = services.place_order(user=user or make_user(), item=item or make_plan(), at=NOON)
    Order.objects.filter(pk=order.pk).update(**sent)
    return order


def paid(order: Order, *, amount: str = "25.00", trade_no: str = "T1", **more: object) -> Payment:
    """The payment that the news of such a trade leaves."""
    values = {"status": TradeStatus.SUCCESS, "paid_at": NOON, **more}
    trade = Trade("cashier", order.number, trade_no, amount=yuan(amount), **values)
    services.settle(trade=trade, at=NOON)
    order.refresh_from_db()
    return Payment.objects.get(trade_no=trade_no)


# ── settling ──


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


# ── prices ──


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


# ── refunds ──


def refund(payment: Payment, amount: str) -> Refund:
    return services.refund(payment=payment, amount=yuan(amount), reason="", by=None, at=NOON)


def done(row: Refund) -> None:
    """The gateway did it."""
    complete(row, NOON + SECOND)


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


# ── coupons ──


def coupon(**fields: object) -> Coupon:
    values = {"code": "FIRST", "kind": "amount", "value": yuan("5.00"), "starts_at": NOON, **fields}
    return Coupon.objects.create(**values)


def taken_off(
    price: str = "25.00", *, user: User | None = None, at: datetime = NOON, plan: Plan | None = None
) -> Decimal:
    return discount_for(code="first", plan=plan or make_plan(price=yuan(price)), user=user, at=at)[1]


@pytest.mark.parametrize(
    ("kind", "value", "price", "off"),
    [
        ("amount", "5.00", "25.00", "5.00"),
        ("amount", "25.00", "25.00", "24.99"),
        ("amount", "0.01", "25.00", "0.01"),
        ("percent", "20.00", "25.00", "5.00"),
        ("percent", "33.33", "25.00", "8.33"),  # 8.3325
        ("percent", "12.35", "0.99", "0.12"),  # 0.122265
        ("percent", "99.00", "0.09", "0.08"),  # 0.0891
        ("percent", "55.55", "9.99", "5.54"),  # 5.549445: never rounded up
        ("percent", "100.00", "25.00", "24.99"),
    ],
)
def test_what_a_coupon_takes_off(kind, value, price, off):
    coupon(kind=kind, value=yuan(value))
    assert taken_off(price) == yuan(off)


def refused(**asked: object) -> bool:
    try:
        taken_off(**asked)
    except services.CouponRefused:
        return True
    return False


def test_a_coupon_is_valid_from_its_first_moment_and_not_at_its_last():
    coupon(ends_at=NOON + timedelta(hours=1))
    moments = [NOON - SECOND, NOON, NOON + timedelta(hours=1) - SECOND, NOON + timedelta(hours=1)]
    assert [refused(at=at) for at in moments] == [True, False, False, True]


def test_a_coupon_has_uses_in_all_and_for_each():
    row = coupon(limit=3, limit_per_user=2)
    first, second = make_user(), make_user()
    plans = [make_plan(price=yuan(price)) for price in ("25.00", "26.00", "27.00")]
    for plan in plans[:2]:
        assert not refused(user=first, plan=plan)
        services.place_order(user=first, item=plan, at=NOON, code="FIRST")
    assert refused(user=first, plan=plans[2])
    assert not refused(user=second)
    services.place_order(user=second, item=plans[0], at=NOON, code="FIRST")
    assert refused(user=make_user())
    Coupon.objects.filter(pk=row.pk).update(limit=4)
    assert not refused(user=make_user())


def test_a_coupon_for_some_plans_lowers_no_other():
    row, plan = coupon(), make_plan()
    assert not refused(plan=make_plan())
    row.plans.add(plan)
    assert not refused(plan=plan)
    assert refused(plan=make_plan())


def test_twenty_codes_that_are_none_may_be_tried_in_an_hour():
    coupon()
    for number in range(20):
        count_attempt(code=f"GUESS{number}", who="lin")
    for code in ("GUESS20", "FIRST"):
        with pytest.raises(services.CouponRefused):
            count_attempt(code=code, who="lin")
    count_attempt(code="FIRST", who="chen")


# ── states, the wallet, amounts ──


def test_an_order_moves_as_the_table_says():
    """docs/payments.md, "What happens to an order"."""
    allowed = {
        ("pending", "paid"), ("pending", "closed"), ("paid", "fulfilled"), ("paid", "refunded"),
        ("fulfilled", "refunded"),
    }  # fmt: skip
    order = placed()
    services.cancel(order=order, at=NOON)
    rows = Order.objects.filter(pk=order.pk)
    for source in OrderState:
        for target in OrderState:
            if (source.value, target.value) in allowed:
                assert not rows.move(source, target)  # it is closed, not `source`
            else:
                with pytest.raises(ValueError, match="never moves"):
                    rows.move(source, target)
    order.refresh_from_db()
    assert order.state == OrderState.CLOSED


def test_a_wallet_pays_what_it_holds_and_no_fen_more():
    user = make_user()
    wallet.move(user=user, amount=yuan("10.00"), kind=Entry.Kind.TOP_UP, reference="a", at=NOON)
    wallet.move(user=user, amount=yuan("10.00"), kind=Entry.Kind.TOP_UP, reference="a", at=NOON)  # the same once more
    assert wallet.balance_of(user=user) == yuan("10.00")
    with pytest.raises(wallet.NotEnoughMoney):
        wallet.move(user=user, amount=yuan("-10.01"), kind=Entry.Kind.PURCHASE, reference="b", at=NOON)
    wallet.move(user=user, amount=yuan("-10.00"), kind=Entry.Kind.PURCHASE, reference="c", at=NOON)
    assert list(Entry.objects.order_by("pk").values_list("amount", "balance_after")) == [
        (yuan("10.00"), yuan("10.00")),
        (yuan("-10.00"), yuan("0.00")),
    ]


def test_the_database_holds_whole_fen():
    Wallet.objects.create(user=make_user(), balance=yuan("12.34"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT balance FROM wallet_wallet")
        assert cursor.fetchone() == (1234,)
    assert Wallet.objects.get().balance == yuan("12.34")
    with pytest.raises(ValidationError):
        Wallet._meta.get_field("balance").to_python("12.345")


@pytest.mark.parametrize("text", ["0.01", "1", "1.5", "88.88", "999999999.99"])
def test_amounts_of_the_protocol(text):
    assert parse_amount(text) == yuan(text)


@pytest.mark.parametrize("text", ["", "1.234", "01.00", "-1.00", "+1.00", "1e2", "1,00", " 1.00", "1.", ".5", "１.00"])
def test_what_is_no_amount_of_the_protocol(text):
    with pytest.raises(ValueError, match="amount"):
        parse_amount(text)


def test_times_of_the_protocol_are_of_shanghai():
    assert parse_time("2026-11-21 20:00:00") == datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert format_time(datetime(2026, 11, 21, 17, 30, tzinfo=UTC)) == "2026-11-22 01:30:00"


def test_what_is_signed_is_sorted_by_name():
    """As the open platform's documentation of signing shows it."""
    params = {"version": "1.0", "app_id": "2014072300007148", "sign": "x", "method": "alipay.mobile.public.menu.add"}
    text = "app_id=2014072300007148&method=alipay.mobile.public.menu.add&version=1.0"
    assert signed_text(params, without=frozenset({"sign"})) == text
