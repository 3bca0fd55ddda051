"""Refunds made in Alipay's console: booked once, in full or part, and never mixed up with our own."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.orders import services
from apps.orders.gateways import CLOCK, BillLine, gateway, read_bill
from apps.orders.models import OrderState, Payment, Refund
from apps.users import services as users
from apps.wallet import services as wallet
from tests.cashier import body
from tests.factories import make_paid_movie, make_user
from tests.orders.steps import bought, pay_url, top_up

pytestmark = pytest.mark.django_db(transaction=True)


def _in_console(till, payment: Payment, amount: str, name: str = "console-1") -> None:
    assert till.cashier.store.refund(payment.trade_no, f"{payment.trade_no}-{name}", Decimal(amount), at=timezone.now())


def _tell(till, payment: Payment) -> None:
    trade = till.cashier.store.get(payment.trade_no)
    services.receive(body=body(till.notification(trade)), address=None, at=timezone.now())
    payment.refresh_from_db()


def test_a_full_refund_takes_back_what_was_bought_once(till, plan):
    user = make_user()
    order = bought(till, user, plan)
    payment = Payment.objects.get(order=order)
    _in_console(till, payment, "25.00")
    for _ in range(3):
        _tell(till, payment)
    order.refresh_from_db()
    assert (order.state, payment.refunded, Refund.objects.count()) == (OrderState.REFUNDED, Decimal("25.00"), 1)
    assert not users.is_member(user=user, at=timezone.now())
    today = timezone.localdate()
    assert services.revenue(first=today, last=today).back == Decimal("25.00")


def test_parts_leave_what_was_bought_until_the_last(till, plan):
    user = make_user()
    payment = Payment.objects.get(order=bought(till, user, plan))
    for amount, name, member in (("10.00", "a", True), ("5.00", "b", True), ("10.00", "c", False)):
        _in_console(till, payment, amount, name)
        _tell(till, payment)
        assert users.is_member(user=user, at=timezone.now()) is member
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [Decimal(5), Decimal(10), Decimal(10)]


def test_the_notification_of_our_own_refund_books_nothing(till, plan):
    """Before its answer came, and after."""
    payment = Payment.objects.get(order=bought(till, make_user(), plan))
    row = services.refund(payment=payment, amount=Decimal("5.00"), reason="x", by=None, at=timezone.now())
    till.cashier.store.refund(payment.trade_no, row.number, row.amount, at=timezone.now())
    _tell(till, payment)
    services.execute_refund(refund=row, at=timezone.now())
    _tell(till, payment)
    assert (Refund.objects.count(), payment.refunded) == (1, Decimal("5.00"))


def test_one_in_the_console_while_ours_waits_is_booked_after_it(till, plan):
    payment = Payment.objects.get(order=bought(till, make_user(), plan))
    row = services.refund(payment=payment, amount=Decimal("25.00"), reason="x", by=None, at=timezone.now())
    _in_console(till, payment, "25.00")
    _tell(till, payment)
    assert Refund.objects.count() == 1
    assert services.execute_refund(refund=row, at=timezone.now()).state == Refund.State.FAILED
    payment.refresh_from_db()
    payment.order.refresh_from_db()
    assert (payment.refunded, payment.order.state) == (Decimal("25.00"), OrderState.REFUNDED)


def test_a_top_up_that_was_spent_leaves_a_shortfall_and_no_debt(till):
    user = make_user()
    payment = Payment.objects.get(order=top_up(till, user, "12.00"))
    order = services.place_order(user=user, item=make_paid_movie(), at=timezone.now())
    services.pay_from_wallet(order=order, user=user, at=timezone.now())
    left = wallet.balance_of(user=user)
    _in_console(till, payment, "12.00")
    _tell(till, payment)
    assert wallet.balance_of(user=user) == 0
    assert Refund.objects.get(payment=payment).shortfall == Decimal("12.00") - left > 0


def test_a_lost_notification_is_made_up_for_by_the_bill(till, plan):
    payment = Payment.objects.get(order=bought(till, make_user(), plan))
    _in_console(till, payment, "4.00", "a")
    _tell(till, payment)
    _in_console(till, payment, "6.00", "b")  # nobody tells
    day = timezone.now().astimezone(CLOCK).date()
    lines = [line for line in read_bill(gateway().bill(day=day)) if line.trade_no == payment.trade_no]
    for _ in range(2):
        services.book_bill(day=day, bill=lines, at=timezone.now())
    payment.refresh_from_db()
    assert payment.refunded == Decimal("10.00")
    assert services.statement(day=day, bill=lines).differences == []


def test_paid_and_refunded_before_we_heard_of_it(till, plan):
    user = make_user()
    order = services.place_order(user=user, item=plan, at=timezone.now())
    trade = till.pay(pay_url(order))
    assert till.cashier.store.refund(trade.trade_no, f"{trade.trade_no}-x", Decimal("25.00"), at=timezone.now())
    services.reconcile(at=timezone.now(), rate=1000)
    order.refresh_from_db()
    assert (order.state, Payment.objects.get().refunded) == (OrderState.REFUNDED, Decimal("25.00"))
    assert not users.is_member(user=user, at=timezone.now())


def test_a_flagged_payment_of_which_a_part_went_back_is_finished(till, plan, settings):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    url = pay_url(order)
    services.close(order=order, at=timezone.now())
    trade = till.pay(url, forced=True)
    services.receive(body=body(till.notification(trade)), address=None, at=timezone.now())
    payment = Payment.objects.get()
    _in_console(till, payment, "5.00")
    _tell(till, payment)
    services.reconcile(at=timezone.now(), rate=1000)
    payment.refresh_from_db()
    assert payment.refunded == payment.amount == till.cashier.store.refunded(payment.trade_no)


def test_a_spent_top_up_raises_one_alarm(till, settings, mailed):
    settings.MONEY_ALARMS_TO = "money@example.com"
    user = make_user()
    payment = Payment.objects.get(order=top_up(till, user, "12.00"))
    order = services.place_order(user=user, item=make_paid_movie(), at=timezone.now())
    services.pay_from_wallet(order=order, user=user, at=timezone.now())
    _in_console(till, payment, "12.00")
    _tell(till, payment)
    assert mailed == []  # no mail within the gateway's request
    for _ in range(2):
        services.reconcile(at=timezone.now(), rate=1000)
    assert [payment.order.number in mail.body for mail in mailed] == [True]


def test_a_late_and_an_older_notice_change_nothing(till, plan):
    payment = Payment.objects.get(order=bought(till, make_user(), plan))
    _in_console(till, payment, "4.00", "a")
    older = body(till.notification(till.cashier.store.get(payment.trade_no)))
    _in_console(till, payment, "5.00", "b")
    _tell(till, payment)
    services.receive(body=older, address=None, at=timezone.now())
    payment.refresh_from_db()
    assert (payment.refunded, Refund.objects.count()) == (Decimal("9.00"), 1)


def _line(payment: Payment, amount: str, request_no: str) -> BillLine:
    return BillLine(payment.trade_no, payment.order.number, -Decimal(amount), request_no)


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0, 1)])
def test_bills_book_each_day_once_in_any_order(till, plan, order):
    payment = Payment.objects.get(order=bought(till, make_user(), plan))
    day = payment.paid_at.astimezone(CLOCK).date()
    later = timezone.now() + timedelta(days=3)
    for n in order:
        bill = [_line(payment, "4.00", f"console-{n}")]
        services.book_bill(day=day + timedelta(days=n), bill=bill, at=later)
        told = services.statement(day=day + timedelta(days=n), bill=bill)
        assert [one for one in told.differences if one.request_no] == []  # what we booked stands on the bill's day
    payment.refresh_from_db()
    assert payment.refunded == Decimal("8.00")


def test_the_bill_of_a_day_before_a_notice_books_nothing(till, plan):
    """A notice counts all that went back until then."""
    payment = Payment.objects.get(order=bought(till, make_user(), plan))
    _in_console(till, payment, "4.00", "a")  # yesterday's, of which nobody told
    _in_console(till, payment, "5.00", "b")
    _tell(till, payment)
    day = timezone.now().astimezone(CLOCK).date()
    services.book_bill(day=day - timedelta(days=1), bill=[_line(payment, "4.00", "a")], at=timezone.now())
    payment.refresh_from_db()
    assert payment.refunded == Decimal("9.00")


def test_the_bill_leaves_a_trade_alone_while_our_own_refund_waits(till, plan):
    payment = Payment.objects.get(order=bought(till, make_user(), plan))
    services.refund(payment=payment, amount=Decimal("5.00"), reason="x", by=None, at=timezone.now())
    day = timezone.now().astimezone(CLOCK).date()
    bill = [_line(payment, "4.00", "a")]
    services.book_bill(day=day, bill=bill, at=timezone.now())
    assert Refund.objects.count() == 1
    kinds = [one.kind for one in services.statement(day=day, bill=bill).differences]
    assert services.DifferenceKind.NOT_OURS in kinds  # told, not lost


def test_a_refund_line_without_a_number_is_no_payment(till, plan):
    payment = Payment.objects.get(order=bought(till, make_user(), plan))
    day = payment.paid_at.astimezone(CLOCK).date()
    came = BillLine(payment.trade_no, payment.order.number, payment.amount, "")
    bill = [came, _line(payment, "4.00", "")]
    services.book_bill(day=day, bill=bill, at=timezone.now() + timedelta(days=1))
    assert services.statement(day=day, bill=bill).differences == []
    payment.refresh_from_db()
    assert payment.refunded == Decimal("4.00")
