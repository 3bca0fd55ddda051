"""What only the day's bill reveals, and faults that random events found: each as the smallest case."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from apps.orders import services
from apps.orders.gateways import CLOCK
from apps.orders.gateways.cashier.store import Fault
from apps.orders.models import Coupon, Order, OrderState, Payment, Refund
from apps.users import services as users
from apps.users.models import Membership
from tests.cashier import body
from tests.factories import make_user
from tests.orders.steps import bought, pay_url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def healed(till):
    yield
    till.cashier.store.clear_faults()


def _today():
    return timezone.now().astimezone(CLOCK).date()


def _bill(till, *numbers: str) -> bytes:
    """The bill of today with the lines of these orders only: other tests' orders are in the cashier's books too."""
    lines = till.cashier.bill(f"{_today()}").decode("gbk").splitlines(keepends=True)
    return "".join(
        line for line in lines if line[:1] in "#支" or any(number in line for number in numbers)
    ).encode("gbk")  # fmt: skip


def test_a_second_payment_that_nobody_told_of_goes_back(till, plan):
    """A query by our number returns the first payment: only the bill has the second."""
    order = bought(till, make_user(), plan)
    again = till.cashier.store.pay_again(order.payments.get().trade_no, at=timezone.now())
    told = services.check_day(day=_today(), at=timezone.now(), content=_bill(till, order.number))
    assert told.differences == []
    assert order.payments.get(trade_no=again).flag == Payment.Flag.TWICE
    services.reconcile(at=timezone.now(), rate=1000)
    assert till.cashier.store.refunded(again) == Decimal("25.00")
    assert Membership.objects.filter(user=order.user).count() == 1


def test_a_payment_long_after_the_last_look_goes_back(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.open(pay_url(order))
    Order.objects.filter(pk=order.pk).update(
        state=OrderState.CLOSED, closed_at=timezone.now(), queried_at=timezone.now()
    )
    assert till.cashier.store.pay(trade.trade_no, at=timezone.now(), forced=True)
    services.check_day(day=_today(), at=timezone.now(), content=_bill(till, order.number))
    assert order.payments.get().flag == Payment.Flag.CLOSED


def test_a_bill_that_claims_a_payment_is_not_believed(till, plan):
    """The bill carries no signature, so what it says is verified by a query."""
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.open(pay_url(order))
    line = f"{trade.trade_no}\t,{order.number}\t,交易,x" + "," * 7 + ",25.00" + "," * 13 + "\r\n"
    told = services.check_day(day=_today(), at=timezone.now(), content=_bill(till) + line.encode("gbk"))
    assert [one.kind for one in told.differences] == [services.DifferenceKind.NOT_OURS]
    assert not Payment.objects.exists()


def test_a_refund_stands_on_the_day_on_which_the_gateway_made_it(till, plan):
    """Its answer was lost, and came a day later."""
    order = bought(till, make_user(), plan)
    till.cashier.store.fail("alipay.trade.refund", Fault("", "", True), number=order.number, times=9)
    row = services.refund(payment=order.payments.get(), amount=Decimal("5.00"), reason="x", by=None, at=timezone.now())
    assert services.execute_refund(refund=row, at=timezone.now()).state == Refund.State.REQUESTED
    till.cashier.store.clear_faults()
    tomorrow = timezone.now() + timedelta(days=1)
    assert services.execute_refund(refund=row, at=tomorrow).state == Refund.State.DONE
    told = services.check_day(day=_today(), at=tomorrow, content=_bill(till, order.number))
    assert told.differences == []
    row.refresh_from_db()
    assert row.done_at.astimezone(CLOCK).date() == _today()
    empty = services.check_day(day=_today() + timedelta(days=1), at=tomorrow, content=_bill(till))
    assert empty.differences == []


def test_a_refund_without_an_answer_is_asked_for_when_the_bill_has_it(till, plan):
    order = bought(till, make_user(), plan)
    till.cashier.store.fail("alipay.trade.refund", Fault("", "", True), number=order.number, times=3)
    row = services.refund(payment=order.payments.get(), amount=Decimal("5.00"), reason="x", by=None, at=timezone.now())
    services.execute_refund(refund=row, at=timezone.now())
    assert services.check_day(day=_today(), at=timezone.now(), content=_bill(till, order.number)).differences == []
    row.refresh_from_db()
    assert row.state == Refund.State.DONE


def test_refunds_of_two_days_told_at_once_stand_on_their_own_days(till, plan):
    """3.33 in the console of which nobody told, 2.22 on the next day: the notification says 5.55."""
    order = bought(till, make_user(), plan)
    payment = order.payments.get()
    store, first, second = till.cashier.store, timezone.now(), timezone.now() + timedelta(days=1)
    store.refund(payment.trade_no, f"a{payment.trade_no}", Decimal("3.33"), at=first)
    store.refund(payment.trade_no, f"b{payment.trade_no}", Decimal("2.22"), at=second)
    params = till.cashier.notification(store.get(payment.trade_no), at=second)
    services.receive(body=body(params), address=None, at=second)
    assert [row.amount for row in payment.refunds.all()] == [Decimal("5.55")]
    for day in (first, second, first, second):
        date = day.astimezone(CLOCK).date()
        lines = till.cashier.bill(f"{date}").decode("gbk").splitlines(keepends=True)
        kept = "".join(line for line in lines if line[:1] in "#支" or payment.trade_no in line).encode("gbk")
        assert services.check_day(day=date, at=second, content=kept).differences == []
    rows = sorted((row.done_at.astimezone(CLOCK).date(), row.amount) for row in payment.refunds.all())
    assert rows == [
        (first.astimezone(CLOCK).date(), Decimal("3.33")),
        (second.astimezone(CLOCK).date(), Decimal("2.22")),
    ]
    payment.refresh_from_db()
    assert payment.refunded == Decimal("5.55")


def test_a_payment_for_an_account_that_is_gone_goes_back(till, plan):
    user = make_user()
    order = services.place_order(user=user, item=plan, at=timezone.now())
    trade = till.open(pay_url(order))
    with transaction.atomic():
        users.deletion.delete_account(user=user, at=timezone.now())
    till.cashier.store.pay(trade.trade_no, at=timezone.now())
    services.receive(
        body=body(till.notification(till.cashier.store.get(trade.trade_no))), address=None, at=timezone.now()
    )
    services.reconcile(at=timezone.now(), rate=1000)
    order.refresh_from_db()
    assert order.state == OrderState.CLOSED
    assert till.cashier.store.refunded(trade.trade_no) == Decimal("25.00")
    assert not Membership.objects.filter(user=user).exists()


def test_an_order_paid_in_its_last_second_keeps_its_coupon(till, plan):
    """It has expired and no notification came: the last use stays reserved until the gateway gives its state."""
    Coupon.objects.create(code="LAST", kind="percent", value=Decimal(50), limit=1)
    at = timezone.now()
    order = services.place_order(user=make_user(), item=plan, at=at, code="LAST")
    trade = till.open(pay_url(order))
    till.cashier.store.pay(trade.trade_no, at=order.expires_at - timedelta(seconds=1))
    later = order.expires_at + timedelta(seconds=1)
    with pytest.raises(services.CouponRefused):
        services.place_order(user=make_user(), item=plan, at=later, code="LAST")
    services.reconcile(at=later, rate=1000)
    order.refresh_from_db()
    assert order.state == OrderState.FULFILLED


def test_an_order_that_the_gateway_closed_gives_its_coupon_back(till, plan):
    Coupon.objects.create(code="BACK", kind="percent", value=Decimal(50), limit=1)
    order = services.place_order(user=make_user(), item=plan, at=timezone.now(), code="BACK")
    till.open(pay_url(order))
    later = order.expires_at + timedelta(seconds=1)
    services.reconcile(at=later, rate=1000)
    assert services.place_order(user=make_user(), item=plan, at=later, code="BACK").amount == Decimal("12.50")
