"""Revenue: sales by day, plan and title, in yuan."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncHour
from django.utils import timezone

from apps.orders.models import OrderKind, Payment, Refund
from apps.orders.models.payments import WALLET

NOTHING = Decimal("0.00")
TITLES = 20  # best-selling ones shown


@dataclass
class Day:
    """Payments of one day by kind of order, and refunds."""

    day: date
    came: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(OrderKind.values, NOTHING))
    back: Decimal = NOTHING

    @property
    def sales(self) -> Decimal:
        """Plans and titles; a top-up is a debt until it is spent."""
        return self.came[OrderKind.PLAN] + self.came[OrderKind.TITLE]


@dataclass(frozen=True)
class Sold:
    """Sales of one plan or title: count, total and refunds, in yuan."""

    name: str
    count: int
    came: Decimal
    back: Decimal


@dataclass(frozen=True)
class Revenue:
    """Revenue of a range of days, in yuan."""

    days: list[Day]
    plans: list[Sold]
    titles: list[Sold]
    sales: Decimal
    top_ups: Decimal
    back: Decimal
    received: Decimal  # through the gateway, net of refunds
    unclaimed: int  # number of unclaimed payments


def revenue(*, first: date, last: date) -> Revenue:
    """Sales of the days `first` to `last`, both inclusive, in the site's time zone.

    Unclaimed payments and their refunds aren't counted.
    """
    begins = timezone.make_aware(datetime.combine(first, time()))
    ends = timezone.make_aware(datetime.combine(last + timedelta(days=1), time()))
    came = Payment.objects.filter(flag="", paid_at__gte=begins, paid_at__lt=ends)
    back = Refund.objects.filter(payment__flag="", state=Refund.State.DONE, done_at__gte=begins, done_at__lt=ends)
    days = _days(first, last, came, back)
    through = ~Q(gateway=WALLET)
    return Revenue(
        days=days,
        plans=_sold(came, back, OrderKind.PLAN, "plan", "name"),
        titles=_sold(came, back, OrderKind.TITLE, "movie", "title")[:TITLES],
        sales=sum((day.sales for day in days), NOTHING),
        top_ups=sum((day.came[OrderKind.TOP_UP] for day in days), NOTHING),
        back=sum((day.back for day in days), NOTHING),
        received=_total(came.filter(through)) - _total(back.exclude(payment__gateway=WALLET)),
        unclaimed=Payment.objects.unclaimed().count(),
    )


def _days(first: date, last: date, came: QuerySet[Payment], back: QuerySet[Refund]) -> list[Day]:
    """Totals by local day: summed by hour in the database, which knows no time zones, and folded here."""
    days = {first + timedelta(n): Day(first + timedelta(n)) for n in range((last - first).days + 1)}
    hours = came.annotate(hour=TruncHour("paid_at", tzinfo=UTC)).values_list("hour", "order__kind")
    for hour, kind, amount in hours.annotate(total=Sum("amount")).order_by():
        days[timezone.localdate(hour)].came[kind] += amount
    gone = back.annotate(hour=TruncHour("done_at", tzinfo=UTC)).values_list("hour")
    for hour, amount in gone.annotate(total=Sum("amount")).order_by():
        days[timezone.localdate(hour)].back += amount
    return list(days.values())


def _sold(came: QuerySet[Payment], back: QuerySet[Refund], kind: OrderKind, what: str, name: str) -> list[Sold]:
    """Sales of orders of that kind by their field `what`, highest first."""
    refunds = back.filter(payment__order__kind=kind).values_list(f"payment__order__{what}")
    gone = dict(refunds.annotate(total=Sum("amount")).order_by())
    rows = came.filter(order__kind=kind).values_list(f"order__{what}", f"order__{what}__{name}")
    sums = rows.annotate(n=Count("pk"), total=Sum("amount")).order_by("-total", f"order__{what}")
    return [Sold(label, n, total, gone.get(pk, NOTHING)) for pk, label, n, total in sums]


def _total(rows: QuerySet[Payment] | QuerySet[Refund]) -> Decimal:
    return rows.aggregate(total=Sum("amount"))["total"] or NOTHING
