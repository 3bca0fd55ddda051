"""Daily statements: our payments and refunds compared with the gateway's bill."""

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

CONSOLE = "console"  # stands for the request number of all console refunds of a trade


class DifferenceKind(StrEnum):
    """How a movement differs between our books and the bill."""

    NOT_OURS = "not ours"  # in the bill only
    NOT_THEIRS = "not theirs"  # in our books only
    AMOUNT = "amount"
    TWICE = "twice"  # two lines of the bill for the same movement
    UNKNOWN = "unknown"  # a line of the bill that can't be understood


@dataclass(frozen=True)
class Difference:
    """A movement that differs; amounts in yuan, negative for refunds."""

    kind: DifferenceKind
    number: str
    trade_no: str
    request_no: str  # for an unknown line its whole text
    ours: Decimal | None
    theirs: Decimal | None


@dataclass(frozen=True)
class Statement:
    """The comparison of one day; totals in yuan, net of refunds."""

    day: date
    ours: Decimal
    theirs: Decimal
    lines: int
    differences: list[Difference]


def statement(*, day: date, bill: Iterable[BillLine], app_ids: Collection[str] | None = None) -> Statement:
    """Compare our records of `day` (by the gateway's clock) with the gateway's bill.

    Each seller has its own bill: with several sellers, `app_ids` selects whose payments count.
    """
    lines = list(bill)
    bill = _with_console_refunds([line for line in lines if not line.unknown])
    theirs = {line.key: line for line in bill}
    copies = Counter(line.key for line in bill)
    paid, sent = (Q(), Q()) if app_ids is None else (Q(app_id__in=app_ids), Q(payment__app_id__in=app_ids))
    ours = _by_key(_recorded(paid & _of_day(day, "paid_at"), sent & _of_day(day, "done_at")))
    total = _sum(ours.values())
    other_days = _recorded_on_other_days([line for key, line in theirs.items() if key not in ours])
    for line in _by_key(other_days).values():
        ours[line.key] = line  # refunds are dated by our clock, so days may differ around midnight
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
    """Payments and completed refunds through the gateway, as bill lines."""
    came = Payment.objects.exclude(gateway=WALLET).filter(payments).values_list("trade_no", "order__number", "amount")
    for trade_no, number, amount in came.iterator():
        yield BillLine(trade_no, number, amount, "")
    went = Refund.objects.exclude(payment__gateway=WALLET).filter(refunds, state=Refund.State.DONE)
    for row in went.select_related("payment__order").iterator():
        yield BillLine(
            row.payment.trade_no, row.payment.order.number, -row.amount, CONSOLE if row.at_gateway else row.number
        )


def _recorded_on_other_days(lines: list[BillLine]) -> Iterator[BillLine]:
    for begin in range(0, len(lines), 500):
        some = lines[begin : begin + 500]
        trades = Q(trade_no__in=[line.trade_no for line in some if not line.request_no])
        console = Q(
            at_gateway=True, payment__trade_no__in=[line.trade_no for line in some if line.request_no == CONSOLE]
        )
        yield from _recorded(trades, console | Q(number__in=[line.request_no for line in some if line.request_no]))


def _with_console_refunds(bill: list[BillLine]) -> list[BillLine]:
    """The bill with its console refunds merged into one line per trade, as we book them."""
    console = not_ours(bill)
    strange = {id(line) for line in console}
    own = [line for line in bill if id(line) not in strange]
    return [*own, *_by_key(replace(line, request_no=CONSOLE) for line in console).values()]


def _by_key(lines: Iterable[BillLine]) -> dict[tuple[str, str], BillLine]:
    """Lines by key; console refunds of a trade are added up."""
    found: dict[tuple[str, str], BillLine] = {}
    for line in lines:
        known = found.get(line.key)
        together = known and line.request_no == CONSOLE
        found[line.key] = replace(line, amount=known.amount + line.amount) if known and together else line
    return found


def _sum(lines: Iterable[BillLine]) -> Decimal:
    return sum((line.amount for line in lines), Decimal("0.00"))
