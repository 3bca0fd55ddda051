"""The minutely reconciliation: query open orders, close unpaid ones, complete refunds."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from apps.orders.gateways import GatewaySilent, GatewayUnclear, accounts
from apps.orders.models import Order, OrderState, Payment, Refund
from apps.orders.services.alarms import alarm
from apps.orders.services.closing import close
from apps.orders.services.querying import query_order
from apps.orders.services.refunds import UnableToRefund, attempt, refund

log = logging.getLogger(__name__)
BATCH = 100  # orders in memory at once
MOST = 1200  # orders in one run
RATE = 25.0  # queries per second to the gateway
RUN_FOR = 50.0  # seconds per run: the next one starts after a minute
SILENCES = 5  # unanswered queries in a row after which a gateway is left for the next run
# Query interval by the age of an order or refund: one that stays stuck makes way for others.
BACK_OFF = (
    (timedelta(hours=1), timedelta(seconds=60)),
    (timedelta(days=1), timedelta(minutes=10)),
    (timedelta.max, timedelta(hours=1)),
)
LOOK_BACK = timedelta(hours=1)  # a closed order is queried once more, this long afterwards
LOOK_BACK_FOR = timedelta(days=2)
TOO_LONG = timedelta(days=1)  # without an answer: an administrator has to intervene


@dataclass
class Outcome:
    """Counts of one run."""

    queried: int = 0
    settled: int = 0
    closed: int = 0
    unclear: int = 0
    refunds_done: int = 0
    stuck: int = 0


@dataclass
class Run:
    """The state of one run: counts, deadline, and consecutive silences per application."""

    at: datetime
    rate: float  # queries per second
    until: float  # by time.monotonic()
    outcome: Outcome
    silent: Counter[str] = field(default_factory=Counter)

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.until

    def is_gone(self, app_id: str) -> bool:
        """Whether that application's gateway is skipped for the rest of the run."""
        return self.silent[app_id] >= SILENCES

    def note(self, app_id: str, *, answered: bool) -> None:
        self.silent[app_id] = 0 if answered else self.silent[app_id] + 1


def reconcile(*, at: datetime, rate: float = RATE) -> Outcome:
    """Query everything that may have changed without notification; `rate` is in orders per second."""
    run = Run(at, rate, time.monotonic() + RUN_FOR, Outcome())
    _query_orders(run)
    _execute_refunds(run)
    for app_id in [app_id for app_id in run.silent if run.is_gone(app_id)]:
        log.warning("The gateway of %s doesn't answer: the rest is left for the next run.", app_id)
    run.outcome.stuck = _alarm(at)
    return run.outcome


def _query_orders(run: Run) -> None:
    for order in _in_turn(_to_query(run.at)):
        if run.is_over:
            return
        if order.sent_at and run.is_gone(order.app_id):
            continue
        # of two concurrent runs, one queries
        if not Order.objects.filter(pk=order.pk, queried_at=order.queried_at).update(queried_at=run.at):
            continue
        order.queried_at = run.at
        if not order.sent_at:
            _check(order, run)  # the gateway never heard of it
            continue
        with _paced(run.rate):
            _check(order, run)


def _execute_refunds(run: Run) -> None:
    for row in _pending_refunds(run.at):
        _send(row, run)
    if settings.REFUND_UNEXPECTED:
        for payment in _to_refund():
            if not run.is_over and not run.is_gone(payment.app_id) and (asked := _requested(payment, run.at)):
                _send(asked, run)


def _send(row: Refund, run: Run) -> None:
    """Attempt one refund once; the next run is the retry."""
    app_id = row.payment.app_id
    if run.is_over or run.is_gone(app_id):
        return
    with _paced(run.rate):
        try:
            run.outcome.refunds_done += attempt(refund=row, at=run.at, tries=1).state == Refund.State.DONE
        except GatewayUnclear as unclear:
            log.warning("Refund %s: %s", row.number, unclear)
            run.note(app_id, answered=not isinstance(unclear, GatewaySilent))
        else:
            run.note(app_id, answered=True)


def _to_refund() -> QuerySet[Payment]:
    """Unclaimed payments to refund; those that the gateway rejected wait for an administrator."""
    mine = Refund.objects.filter(payment=OuterRef("pk"))
    pending = Exists(mine.filter(state=Refund.State.REQUESTED))
    refused = Exists(mine.filter(state=Refund.State.FAILED, amount=OuterRef("amount") - OuterRef("refunded")))
    return Payment.objects.unclaimed().exclude(pending | refused).order_by("pk")[:BATCH]


def _pending_refunds(at: datetime) -> QuerySet[Refund]:
    """Refunds without an answer, longest waiting first."""
    due = Q(queried_at=None) | _due("created_at", at)
    rows = Refund.objects.filter(due, state=Refund.State.REQUESTED).select_related("payment")
    return rows.order_by(F("queried_at").asc(nulls_first=True), "pk")[:BATCH]


def _due(since: str, at: datetime) -> Q:
    """Rows that are due for another query, by their age since the field `since`."""
    due, younger = Q(), Q()
    for age, wait in BACK_OFF:
        of_this_age = ~younger if age == timedelta.max else Q(**{f"{since}__gt": at - age}) & ~younger
        due |= of_this_age & Q(queried_at__lte=at - wait)
        younger = Q() if age == timedelta.max else Q(**{f"{since}__gt": at - age})
    return due


def _alarm(at: datetime) -> int:
    """Raise one alarm per order and refund without an answer for TOO_LONG; returns how many there are.

    Also raise one per top-up that was refunded in the gateway's console after it was spent.
    """
    orders = Order.objects.open().filter(sent_at__isnull=False, expires_at__lte=at - TOO_LONG)
    refunds = Refund.objects.filter(state=Refund.State.REQUESTED, created_at__lte=at - TOO_LONG)
    refunds = refunds.select_related("payment")
    late_orders = list(orders.filter(alarmed_at=None).order_by("pk")[:MOST])
    late_refunds = list(refunds.filter(alarmed_at=None).order_by("pk")[:MOST])
    Order.objects.filter(pk__in=[row.pk for row in late_orders]).update(alarmed_at=at)
    Refund.objects.filter(pk__in=[row.pk for row in late_refunds]).update(alarmed_at=at)
    for what, rows, through in (
        ("orders", late_orders, {row.app_id for row in late_orders}),
        ("refunds", late_refunds, {row.payment.app_id for row in late_refunds}),
    ):
        if rows:
            unknown = through - {account.app_id for account in accounts()} - {""}
            alarm(
                subject=f"{len(rows)} {what} without an answer for a day",
                text="The gateway has been queried repeatedly: "
                + ", ".join(row.number for row in rows[:50])
                + "".join(f". Application {app_id} is missing in ALIPAY_EARLIER_APPS" for app_id in sorted(unknown)),
            )
    short = list(Refund.objects.filter(shortfall__gt=0, alarmed_at=None).select_related("payment__order")[:MOST])
    Refund.objects.filter(pk__in=[row.pk for row in short]).update(alarmed_at=at)
    if short:
        alarm(
            subject=f"{len(short)} refunded top-ups had already been spent",
            text="They were refunded in the gateway's console, but the wallet balance was lower: "
            + ", ".join(f"{row.payment.order.number} (¥{row.shortfall} missing)" for row in short[:50]),
        )
    return orders.count() + refunds.count()


@contextmanager
def _paced(rate: float) -> Iterator[None]:
    """Limit the block to `rate` executions per second."""
    begun = time.monotonic()
    yield
    time.sleep(max(0.0, 1 / rate - (time.monotonic() - begun)))


def _to_query(at: datetime) -> QuerySet[Order]:
    waiting = Q(state=OrderState.PENDING) & (
        Q(expires_at__lte=at, sent_at=None)
        | Q(sent_at__isnull=False) & (Q(queried_at=None) | _due("created_at", at) | _expired_since_query(at))
    )
    looked_back = Q(
        Q(queried_at=None) | Q(queried_at__lt=F("closed_at") + LOOK_BACK),
        state=OrderState.CLOSED,
        sent_at__isnull=False,
        closed_at__gt=at - LOOK_BACK_FOR,
        closed_at__lte=at - LOOK_BACK,
    )
    return Order.objects.filter(waiting | looked_back)


def _expired_since_query(at: datetime) -> Q:
    """Orders that expired after their last query: they are closed now."""
    return Q(expires_at__lte=at, expires_at__gt=F("queried_at"))


def _in_turn(orders: QuerySet[Order]) -> Iterator[Order]:
    """The orders, least recently queried first, a batch in memory at a time, at most MOST."""
    turn = orders.order_by(F("queried_at").asc(nulls_first=True), "pk").values_list("pk", flat=True)
    numbers = list(turn[:MOST])
    for begin in range(0, len(numbers), BATCH):
        batch = Order.objects.in_bulk(numbers[begin : begin + BATCH])
        yield from (batch[pk] for pk in numbers[begin : begin + BATCH])


def _check(order: Order, run: Run) -> None:
    """Query or close an order once; the next run is the retry."""
    before, outcome = order.state, run.outcome
    try:
        expired = order.state == OrderState.PENDING and order.expires_at <= run.at
        after = (close if expired or order.has_requested_action else query_order)(order=order, at=run.at, tries=1).state
    except GatewayUnclear as unclear:
        log.warning("Order %s: %s", order.number, unclear)
        outcome.unclear += 1
        run.note(order.app_id, answered=not isinstance(unclear, GatewaySilent))
        return
    if order.sent_at:
        run.note(order.app_id, answered=True)
    outcome.queried += 1
    if after != before:
        outcome.closed += after == OrderState.CLOSED
        outcome.settled += after != OrderState.CLOSED


def _requested(payment: Payment, at: datetime) -> Refund | None:
    try:
        return refund(
            payment=payment, amount=payment.amount - payment.refunded, reason=payment.get_flag_display(), by=None, at=at
        )
    except UnableToRefund as error:
        log.warning("Payment %s: %s", payment.trade_no, error)
        return None
