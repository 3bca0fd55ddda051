"""A day's statement: our payments and refunds beside the gateway's bill of the same day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from django.db.models import Q

from apps.orders.gateways import CLOCK, BillLine
from apps.orders.models import Payment, Refund
from apps.orders.models.payments import WALLET
from apps.orders.services.console_refunds import not_ours

CONSOLE = "console"  # the request number of all refunds of a trade that weren't ours


class DifferenceKind(StrEnum):
    """How the books disagree on a movement."""

    NOT_OURS = "not ours"  # the gateway knows of it, we don't
    NOT_THEIRS = "not theirs"  # we know of it, the gateway doesn't
    AMOUNT = "amount"
    TWICE = "twice"  # two lines of the bill for the same movement
    UNKNOWN = "unknown"  # a line of the bill that can't be understood


@dataclass(frozen=True)
class Difference:
    """One movement on which the books disagree; amounts in yuan, below zero for money that went back."""

    kind: DifferenceKind
    number: str
    trade_no: str
    request_no: str  # of an unknown line all that it says
    ours: Decimal | None
    theirs: Decimal | None


@dataclass(frozen=True)
class Statement:
    """Sums are in yuan: what came less what went back."""

    day: date
    ours: Decimal
    theirs: Decimal
    lines: int
    differences: list[Difference]


def statement(*, day: date, bill: Iterable[BillLine], app_ids: Collection[str] | None = None) -> Statement:
    """Compare what we recorded of `day`, by the gateway's clock, with the gateway's bill of that day.

    Of several sellers each has a bill of its own: `app_ids` then says whose payments count.
    """
    lines = list(bill)
    bill = _with_console_refunds([line for line in lines if not line.unknown])
    theirs = {line.key: line for line in bill}
    copies = Counter(line.key for line in bill)
    paid, sent = (Q(), Q()) if app_ids is None else (Q(app_id__in=app_ids), Q(payment__app_id__in=app_ids))
    ours = _by_key(_recorded(paid & _of_day(day, "paid_at"), sent & _of_day(day, "done_at")))
    total = _sum(ours.values())
    elsewhen = _recorded_elsewhen([line for key, line in theirs.items() if key not in ours])
    for line in _by_key(elsewhen).values():
        ours[line.key] = line  # a refund is stamped with our clock: around midnight the days may differ
    strange = [line for line in lines if line.unknown]
    found = [Difference(DifferenceKind.UNKNOWN, one.number, one.trade_no, one.unknown, None, None) for one in strange]
    for key in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(key), theirs.get(key)
        kind = _compare(mine, other, copies[key])
        if kind and (one := mine or other):
            found.append(
                Difference(
                    kind,
                    one.number,
                    one.trade_no,
                    one.request_no,
                    mine.amount if mine else None,
                    other.amount if other else None,
                )
            )
    return Statement(day, total, _sum(bill), len(lines), found)


def _compare(mine: BillLine | None, other: BillLine | None, copies: int) -> DifferenceKind | None:
    if mine is None:
        return DifferenceKind.NOT_OURS
    if other is None:
        return DifferenceKind.NOT_THEIRS
    if copies > 1:
        return DifferenceKind.TWICE
    return DifferenceKind.AMOUNT if mine.amount != other.amount else None


def _of_day(day: date, field: str) -> Q:
    begins = datetime.combine(day, time(), CLOCK)
    return Q(**{f"{field}__gte": begins, f"{field}__lt": begins + timedelta(days=1)})


def _recorded(payments: Q, refunds: Q) -> Iterator[BillLine]:
    """What came and went through the gateway: those payments, and those refunds that it carried out."""
    came = Payment.objects.exclude(gateway=WALLET).filter(payments).values_list("trade_no", "order__number", "amount")
    for trade_no, number, amount in came.iterator():
        yield BillLine(trade_no, number, amount, "")
    went = Refund.objects.exclude(payment__gateway=WALLET).filter(refunds, state=Refund.State.DONE)
    for row in went.select_related("payment__order").iterator():
        yield BillLine(
            row.payment.trade_no, row.payment.order.number, -row.amount, CONSOLE if row.at_gateway else row.number
        )


def _recorded_elsewhen(lines: list[BillLine]) -> Iterator[BillLine]:
    for begin in range(0, len(lines), 500):
        some = lines[begin : begin + 500]
        trades = Q(trade_no__in=[line.trade_no for line in some if not line.request_no])
        console = Q(
            at_gateway=True, payment__trade_no__in=[line.trade_no for line in some if line.request_no == CONSOLE]
        )
        yield from _recorded(trades, console | Q(number__in=[line.request_no for line in some if line.request_no]))


def _with_console_refunds(bill: list[BillLine]) -> list[BillLine]:
    """The bill, its refunds that aren't ours made one line a trade: we book what went back there in all."""
    console = not_ours(bill)
    strange = {id(line) for line in console}
    own = [line for line in bill if id(line) not in strange]
    return [*own, *_by_key(replace(line, request_no=CONSOLE) for line in console).values()]


def _by_key(lines: Iterable[BillLine]) -> dict[tuple[str, str], BillLine]:
    """One line a movement; refunds of the gateway's console are one movement of their trade."""
    found: dict[tuple[str, str], BillLine] = {}
    for line in lines:
        known = found.get(line.key)
        together = known and line.request_no == CONSOLE
        found[line.key] = replace(line, amount=known.amount + line.amount) if known and together else line
    return found


def _sum(lines: Iterable[BillLine]) -> Decimal:
    return sum((line.amount for line in lines), Decimal("0.00"))
