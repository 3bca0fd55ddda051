"""What beat does: ask about every order that was left open, close what wasn't paid, finish refunds."""

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
RATE = 25.0  # questions a second to the gateway
RUN_FOR = 50.0  # seconds of one run: the next one begins in a minute
SILENCES = 5  # answers in a row that never came: that gateway is gone, and waits for the next run
# How often an order or a refund without an answer is asked about, by its age: one that stays stuck yields its turn.
BACK_OFF = (
    (timedelta(hours=1), timedelta(seconds=60)),
    (timedelta(days=1), timedelta(minutes=10)),
    (timedelta.max, timedelta(hours=1)),
)
LOOK_BACK = timedelta(hours=1)  # a closed order is looked at once more, this long after
LOOK_BACK_FOR = timedelta(days=2)
TOO_LONG = timedelta(days=1)  # without an answer: an administrator has to look


@dataclass
class Outcome:
    """What one run did."""

    queried: int = 0
    settled: int = 0
    closed: int = 0
    unclear: int = 0
    refunded: int = 0
    stuck: int = 0


@dataclass
class Run:
    """One run: what it found, until when it goes on, and how often each application was silent in a row."""

    at: datetime
    rate: float  # questions a second
    until: float  # by time.monotonic()
    outcome: Outcome
    silent: Counter[str] = field(default_factory=Counter)

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.until

    def is_gone(self, app_id: str) -> bool:
        """Whether the gateway of that application is left alone for the rest of the run."""
        return self.silent[app_id] >= SILENCES

    def note(self, app_id: str, *, answered: bool) -> None:
        self.silent[app_id] = 0 if answered else self.silent[app_id] + 1


def reconcile(*, at: datetime, rate: float = RATE) -> Outcome:
    """Look at everything that may have changed without our hearing of it; `rate` is in orders a second."""
    run = Run(at, rate, time.monotonic() + RUN_FOR, Outcome())
    _ask_about_orders(run)
    _carry_out_refunds(run)
    for app_id in [app_id for app_id in run.silent if run.is_gone(app_id)]:
        log.warning("The gateway of %s doesn't answer: the rest waits for the next run.", app_id)
    run.outcome.stuck = _alarm(at)
    return run.outcome


def _ask_about_orders(run: Run) -> None:
    for order in _in_turn(_to_ask(run.at)):
        if run.is_over:
            return
        if order.sent_at and run.is_gone(order.app_id):
            continue
        # of two runs at once, one asks
        if not Order.objects.filter(pk=order.pk, queried_at=order.queried_at).update(queried_at=run.at):
            continue
        order.queried_at = run.at
        if not order.sent_at:
            _look_at(order, run)  # the gateway never heard of it
            continue
        with _paced(run.rate):
            _look_at(order, run)


def _carry_out_refunds(run: Run) -> None:
    for row in _refunds_to_ask(run.at):
        _send(row, run)
    if settings.REFUND_UNEXPECTED:
        for payment in _to_send_back():
            if not run.is_over and not run.is_gone(payment.app_id) and (asked := _requested(payment, run.at)):
                _send(asked, run)


def _send(row: Refund, run: Run) -> None:
    """Ask for one refund, once: the next run is the second try."""
    app_id = row.payment.app_id
    if run.is_over or run.is_gone(app_id):
        return
    with _paced(run.rate):
        try:
            run.outcome.refunded += attempt(refund=row, at=run.at, tries=1).state == Refund.State.DONE
        except GatewayUnclear as unclear:
            log.warning("Refund %s: %s", row.number, unclear)
            run.note(app_id, answered=not isinstance(unclear, GatewaySilent))
        else:
            run.note(app_id, answered=True)


def _to_send_back() -> QuerySet[Payment]:
    """Payments that bought nothing, or what is left of them; what the gateway refused waits for an administrator."""
    mine = Refund.objects.filter(payment=OuterRef("pk"))
    going_on = Exists(mine.filter(state=Refund.State.REQUESTED))
    refused = Exists(mine.filter(state=Refund.State.FAILED, amount=OuterRef("amount") - OuterRef("refunded")))
    return Payment.objects.waiting().exclude(going_on | refused).order_by("pk")[:BATCH]


def _refunds_to_ask(at: datetime) -> QuerySet[Refund]:
    """Those without an answer, the one that has waited longest first."""
    due = Q(queried_at=None) | _due("created_at", at)
    rows = Refund.objects.filter(due, state=Refund.State.REQUESTED).select_related("payment")
    return rows.order_by(F("queried_at").asc(nulls_first=True), "pk")[:BATCH]


def _due(since: str, at: datetime) -> Q:
    """Whether it is time to ask again about what began at the field `since`."""
    due, younger = Q(), Q()
    for age, wait in BACK_OFF:
        of_this_age = ~younger if age == timedelta.max else Q(**{f"{since}__gt": at - age}) & ~younger
        due |= of_this_age & Q(queried_at__lte=at - wait)
        younger = Q() if age == timedelta.max else Q(**{f"{since}__gt": at - age})
    return due


def _alarm(at: datetime) -> int:
    """Say once of each order and refund that it has had no answer for TOO_LONG. Returns how many that are now.

    And once of each top-up that went back in the gateway's console after it was spent.
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
                text="The gateway has been asked again and again: "
                + ", ".join(row.number for row in rows[:50])
                + "".join(f". Application {app_id} is missing in ALIPAY_EARLIER_APPS" for app_id in sorted(unknown)),
            )
    short = list(Refund.objects.filter(shortfall__gt=0, alarmed_at=None).select_related("payment__order")[:MOST])
    Refund.objects.filter(pk__in=[row.pk for row in short]).update(alarmed_at=at)
    if short:
        alarm(
            subject=f"{len(short)} refunded top-ups were spent already",
            text="They went back in the gateway's console; the wallet held less: "
            + ", ".join(f"{row.payment.order.number} (¥{row.shortfall} missing)" for row in short[:50]),
        )
    return orders.count() + refunds.count()


@contextmanager
def _paced(rate: float) -> Iterator[None]:
    """At most `rate` of these in a second."""
    begun = time.monotonic()
    yield
    time.sleep(max(0.0, 1 / rate - (time.monotonic() - begun)))


def _to_ask(at: datetime) -> QuerySet[Order]:
    waiting = Q(state=OrderState.PENDING) & (
        Q(expires_at__lte=at, sent_at=None)
        | Q(sent_at__isnull=False) & (Q(queried_at=None) | _due("created_at", at) | _expired_since_asked(at))
    )
    looked_back = Q(
        Q(queried_at=None) | Q(queried_at__lt=F("closed_at") + LOOK_BACK),
        state=OrderState.CLOSED,
        sent_at__isnull=False,
        closed_at__gt=at - LOOK_BACK_FOR,
        closed_at__lte=at - LOOK_BACK,
    )
    return Order.objects.filter(waiting | looked_back)


def _expired_since_asked(at: datetime) -> Q:
    """An order whose time ended after it was asked about: it is closed now."""
    return Q(expires_at__lte=at, expires_at__gt=F("queried_at"))


def _in_turn(orders: QuerySet[Order]) -> Iterator[Order]:
    """The orders, the one that was asked about longest ago first, a batch in memory at a time, MOST at most."""
    turn = orders.order_by(F("queried_at").asc(nulls_first=True), "pk").values_list("pk", flat=True)
    numbers = list(turn[:MOST])
    for begin in range(0, len(numbers), BATCH):
        batch = Order.objects.in_bulk(numbers[begin : begin + BATCH])
        yield from (batch[pk] for pk in numbers[begin : begin + BATCH])


def _look_at(order: Order, run: Run) -> None:
    """Ask or close, once: the next run is the second try."""
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
