"""Refunds made in the gateway's console: booked once, whether a notification, a question or a bill tells."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from apps.orders.gateways import CLOCK, BillLine
from apps.orders.models import Kind, Order, Payment, Refund
from apps.orders.models.payments import WALLET
from apps.orders.services.alarms import alarm
from apps.orders.services.buying import new_number
from apps.orders.services.refunding import complete
from apps.wallet.models import Entry, Wallet
from apps.wallet.services import move
from utils.money import yuan_value

NOTHING = Decimal("0.00")


def note_refunds(*, payment: Payment, total: Decimal, at: datetime) -> None:
    """Keep that `total` yuan of the payment went back, by the gateway's count, and book what isn't ours of it.

    The gateway counts all refunds of a trade together (`refund_fee`), so an older or repeated notice changes nothing.
    """
    Payment.objects.filter(pk=payment.pk, told_back__lt=yuan_value(total)).update(told_back=total)
    book(payment=payment, at=at)


def book(*, payment: Payment, at: datetime) -> None:
    """Book what went back beyond our own refunds. While one of ours has no answer, nobody knows what is beyond."""
    with transaction.atomic():
        order = Order.objects.select_for_update().select_related("user").get(pk=payment.order_id)
        payment = Payment.objects.get(pk=payment.pk)
        if payment.gateway == WALLET or payment.refunds.filter(state=Refund.State.REQUESTED).exists():
            return
        extra = min(payment.told_back, payment.amount) - _done(payment)
        if extra <= 0:
            return
        Payment.objects.filter(pk=payment.pk).update(refunded=F("refunded") + yuan_value(extra))
        row = Refund.objects.create(
            payment=payment, number=f"R{new_number(at)}", amount=extra, at_gateway=True, created_at=at,
            reason=_("Refunded in the payment service's console."),
        )  # fmt: skip
        if order.kind == Kind.TOP_UP and not payment.flag:
            _take_from_wallet(order, row, at)
        complete(row, at)


def book_bill(*, day: date, bill: Iterable[BillLine], at: datetime) -> None:
    """Book the refunds of a day's bill of which no notification told."""
    theirs: dict[str, Decimal] = {}
    lines = [line for line in bill if line.request_no and line.amount < 0]
    numbers = [line.request_no for line in lines]
    ours = set()
    for begin in range(0, len(numbers), 500):
        ours |= set(Refund.objects.filter(number__in=numbers[begin : begin + 500]).values_list("number", flat=True))
    for line in lines:
        if line.request_no not in ours:
            theirs[line.trade_no] = theirs.get(line.trade_no, NOTHING) - line.amount
    begins = datetime.combine(day, time(), CLOCK)
    for trade_no, amount in theirs.items():
        payment = Payment.objects.exclude(gateway=WALLET).filter(trade_no=trade_no).first()
        if payment is None:
            continue
        # a day to either side: a notice of one minute before midnight is booked after it
        near = payment.refunds.filter(
            at_gateway=True, done_at__gte=begins - timedelta(days=1), done_at__lt=begins + timedelta(days=2)
        )
        known = near.aggregate(n=Sum("amount"))["n"] or NOTHING
        if amount > known:
            note_refunds(payment=payment, total=_done(payment) + amount - known, at=at)


def _done(payment: Payment) -> Decimal:
    return payment.refunds.filter(state=Refund.State.DONE).aggregate(n=Sum("amount"))["n"] or NOTHING


def _take_from_wallet(order: Order, row: Refund, at: datetime) -> None:
    """Take a top-up back as far as the wallet reaches; what was spent already is kept on the refund, and told."""
    wallet = Wallet.objects.select_for_update().filter(user=order.user).first()
    taken = min(row.amount, wallet.balance if wallet else NOTHING)
    if taken > 0:
        move(
            user=order.user, amount=-taken, kind=Entry.Kind.TAKEN_BACK, reference=row.number, subject=order.subject,
            at=at,
        )  # fmt: skip
    if taken < row.amount:
        Refund.objects.filter(pk=row.pk).update(shortfall=row.amount - taken)
        alarm(
            subject=f"A refunded top-up was spent: {order.number}",
            text=f"¥{row.amount} went back in the console, but the wallet held ¥{taken}. Refund {row.number}.",
        )
