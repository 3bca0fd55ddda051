"""Refunds made in the gateway's console, booked once, whether reported by notification, query or bill."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from apps.orders.gateways import CLOCK, BillLine
from apps.orders.models import Order, OrderKind, Payment, Refund
from apps.orders.models.payments import WALLET
from apps.orders.services.buying import new_number
from apps.orders.services.refunding import complete
from apps.wallet import services as wallet
from apps.wallet.models import Entry, Wallet
from utils.money import yuan_value

NOTHING = Decimal("0.00")


def note_refunds(*, payment: Payment, total: Decimal, said: datetime | None, at: datetime) -> None:
    """Record the gateway's report that `total` yuan had been refunded by `said`, and book what isn't ours.

    The gateway counts all refunds of a trade together (`refund_fee`), so an older or repeated report changes nothing.
    """
    less = Payment.objects.filter(pk=payment.pk, gateway_refunded__lt=yuan_value(total))
    less.update(gateway_refunded=total, gateway_refunded_at=said or at)
    book(payment=payment, at=at)


def book(*, payment: Payment, at: datetime) -> None:
    """Book refunds beyond our own. This waits while one of ours is pending, as the excess isn't known then."""
    if payment.gateway == WALLET:
        return
    with transaction.atomic():
        order, payment = _locked(payment)
        if not _waits(payment):
            extra = min(payment.gateway_refunded, payment.amount) - _done(payment)
            _record(order, payment, extra, payment.gateway_refunded_at or at, at)


def book_bill(*, day: date, bill: Iterable[BillLine], at: datetime) -> None:
    """Date the refunds of a day's bill, and book console refunds that no notification reported.

    Days may be booked in any order and repeatedly.
    """
    lines = list(bill)
    begins = datetime.combine(day, time(), CLOCK)
    ends = begins + timedelta(days=1)
    _date_ours(lines, begins, ends)
    theirs: dict[str, Decimal] = {}
    for line in not_ours(lines):
        theirs[line.trade_no] = theirs.get(line.trade_no, NOTHING) - line.amount
    for trade_no, amount in theirs.items():
        found = Payment.objects.exclude(gateway=WALLET).filter(trade_no=trade_no).first()
        if found is None:
            continue
        with transaction.atomic():
            order, payment = _locked(found)
            if _waits(payment):
                continue
            missing = amount - _of_console(payment, begins, ends)
            if payment.gateway_refunded_at and payment.gateway_refunded_at >= ends:
                # a later report already included this day's refunds: they were booked on the day of the report
                _bring_forward(payment, missing, ends)
                continue
            extra = min(missing, payment.amount - _done(payment))
            _record(order, payment, extra, min(at, ends - timedelta(seconds=1)), at)


def _date_ours(lines: list[BillLine], begins: datetime, ends: datetime) -> None:
    """Date our refunds by the gateway's bill: its answer may have arrived days later."""
    numbers = [line.request_no for line in lines if line.amount < 0 and line.request_no]
    for begin in range(0, len(numbers), 500):
        rows = Refund.objects.filter(number__in=numbers[begin : begin + 500], state=Refund.State.DONE)
        rows.filter(done_at__gte=ends).update(done_at=ends - timedelta(seconds=1))
        rows.filter(done_at__lt=begins).update(done_at=begins)


def _of_console(payment: Payment, begins: datetime, ends: datetime) -> Decimal:
    rows = payment.refunds.filter(at_gateway=True, done_at__gte=begins, done_at__lt=ends)
    return rows.aggregate(n=Sum("amount"))["n"] or NOTHING


def _bring_forward(payment: Payment, amount: Decimal, ends: datetime) -> None:
    """Move up to `amount` yuan of later console refunds to the day that ends at `ends`, the latest first."""
    moved = NOTHING
    for row in payment.refunds.filter(at_gateway=True, done_at__gte=ends).order_by("-done_at", "-pk"):
        if moved >= amount:
            break
        part, last = min(row.amount, amount - moved), ends - timedelta(seconds=1)
        moved += part
        if part == row.amount:
            Refund.objects.filter(pk=row.pk).update(done_at=last)
            continue
        Refund.objects.filter(pk=row.pk).update(amount=row.amount - part)
        row.pk, row.number, row.amount, row.shortfall, row.done_at = (
            None,
            f"{row.number}-{ends:%m%d}",
            part,
            NOTHING,
            last,
        )
        row.save(force_insert=True)


def not_ours(bill: Iterable[BillLine]) -> list[BillLine]:
    """The bill's refunds that we didn't request."""
    lines = [line for line in bill if line.amount < 0 and not line.unknown]
    numbers = [line.request_no for line in lines if line.request_no]
    requested: set[str] = set()
    for begin in range(0, len(numbers), 500):
        some = Refund.objects.filter(number__in=numbers[begin : begin + 500], at_gateway=False)
        requested |= set(some.values_list("number", flat=True))
    return [line for line in lines if line.request_no not in requested]


def _locked(payment: Payment) -> tuple[Order, Payment]:
    order = Order.objects.select_for_update().select_related("user").get(pk=payment.order_id)
    return order, Payment.objects.get(pk=payment.pk)


def _waits(payment: Payment) -> bool:
    return payment.refunds.filter(state=Refund.State.REQUESTED).exists()


def _done(payment: Payment) -> Decimal:
    return payment.refunds.filter(state=Refund.State.DONE).aggregate(n=Sum("amount"))["n"] or NOTHING


def _record(order: Order, payment: Payment, amount: Decimal, done_at: datetime, at: datetime) -> None:
    """Record a refund of `amount` yuan (if positive) that the gateway made at `done_at`."""
    if amount <= 0:
        return
    Payment.objects.filter(pk=payment.pk).update(refunded=F("refunded") + yuan_value(amount))
    row = Refund.objects.create(
        payment=payment, number=f"R{new_number(at)}", amount=amount, at_gateway=True, created_at=at,
        reason=_("Refunded in the payment service's console."),
    )  # fmt: skip
    if order.kind == OrderKind.TOP_UP and not payment.flag:
        _take_from_wallet(order, row, at)
    complete(row, at)
    Refund.objects.filter(pk=row.pk).update(done_at=done_at)


def _take_from_wallet(order: Order, row: Refund, at: datetime) -> None:
    """Reverse a top-up as far as the balance allows. The refund keeps the shortfall; `reconcile` raises the alarm."""
    rows = Wallet.objects.select_for_update().filter(user=order.user)
    taken = min(row.amount, rows.values_list("balance", flat=True).first() or NOTHING)
    if taken > 0:
        wallet.move(
            user=order.user, amount=-taken, kind=Entry.Kind.TAKEN_BACK, reference=row.number, subject=order.subject,
            at=at,
        )  # fmt: skip
    if taken < row.amount:
        Refund.objects.filter(pk=row.pk).update(shortfall=row.amount - taken)
