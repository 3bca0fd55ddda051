"""What beat does: ask about every order that was left open, close what wasn't paid, finish refunds."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet

from apps.orders.gateways import GatewayUnclear
from apps.orders.models import Order, Payment, Refund, State
from apps.orders.services.asking import ask
from apps.orders.services.closing import close
from apps.orders.services.refunds import UnableToRefund, carry_out, refund

log = logging.getLogger(__name__)
BATCH = 100  # orders in memory at once
MOST = 1200  # orders in one run
RATE = 25.0  # questions a second to the gateway
ASK_EVERY = timedelta(seconds=60)  # about an order that still waits
LOOK_BACK = timedelta(hours=1)  # a closed order is looked at once more, this long after
LOOK_BACK_FOR = timedelta(days=2)


@dataclass
class Found:
    """What one run did."""

    asked: int = 0
    settled: int = 0
    closed: int = 0
    unclear: int = 0
    sent_back: int = 0


def reconcile(*, at: datetime, rate: float = RATE) -> Found:
    """Look at everything that may have changed without our hearing of it; `rate` is in orders a second."""
    found = Found()
    for order in _in_turn(_to_ask(at)):
        # of two runs at once, one asks
        if not Order.objects.filter(pk=order.pk, asked_at=order.asked_at).update(asked_at=at):
            continue
        if order.sent_at:
            with _paced(rate):
                _look_at(order, at, found)
        else:
            _look_at(order, at, found)  # the gateway never heard of it
    for row in _refunds_to_ask(at):
        with _paced(rate):
            found.sent_back += carry_out(refund=row, at=at).state == Refund.State.DONE
    if settings.REFUND_UNEXPECTED:
        # one that was refused before waits for an administrator
        for payment in Payment.objects.exclude(flag="").filter(refunds=None).order_by("pk")[:BATCH]:
            with _paced(rate):
                found.sent_back += _send_back(payment, at)
    return found


def _refunds_to_ask(at: datetime) -> QuerySet[Refund]:
    """Those without an answer, the one that has waited longest first."""
    due = Q(asked_at=None) | Q(asked_at__lte=at - ASK_EVERY)
    rows = Refund.objects.filter(due, state=Refund.State.REQUESTED).select_related("payment")
    return rows.order_by(F("asked_at").asc(nulls_first=True), "pk")[:BATCH]


@contextmanager
def _paced(rate: float) -> Iterator[None]:
    """At most `rate` of these in a second."""
    begun = time.monotonic()
    yield
    time.sleep(max(0.0, 1 / rate - (time.monotonic() - begun)))


def _to_ask(at: datetime) -> QuerySet[Order]:
    waiting = Q(state=State.PENDING) & (
        Q(expires_at__lte=at) | Q(sent_at__isnull=False) & (Q(asked_at=None) | Q(asked_at__lte=at - ASK_EVERY))
    )
    looked_back = Q(
        Q(asked_at=None) | Q(asked_at__lt=F("closed_at") + LOOK_BACK),
        state=State.CLOSED,
        sent_at__isnull=False,
        closed_at__gt=at - LOOK_BACK_FOR,
        closed_at__lte=at - LOOK_BACK,
    )
    return Order.objects.filter(waiting | looked_back)


def _in_turn(orders: QuerySet[Order]) -> Iterator[Order]:
    """The orders by age, a batch in memory at a time, MOST at most."""
    last = 0
    for _number in range(MOST // BATCH):
        batch = list(orders.filter(pk__gt=last).order_by("pk")[:BATCH])
        yield from batch
        if len(batch) < BATCH:
            return
        last = batch[-1].pk


def _look_at(order: Order, at: datetime, found: Found) -> None:
    before = order.state
    try:
        expired = order.state == State.PENDING and order.expires_at <= at
        after = (close if expired else ask)(order=order, at=at).state
    except GatewayUnclear as unclear:
        log.warning("Order %s: %s", order.number, unclear)
        found.unclear += 1
        return
    found.asked += 1
    if after != before:
        found.closed += after == State.CLOSED
        found.settled += after != State.CLOSED


def _send_back(payment: Payment, at: datetime) -> bool:
    try:
        row = refund(payment=payment, amount=payment.amount, reason=payment.get_flag_display(), by=None, at=at)
    except UnableToRefund as error:
        log.warning("Payment %s: %s", payment.trade_no, error)
        return False
    return carry_out(refund=row, at=at).state == Refund.State.DONE
