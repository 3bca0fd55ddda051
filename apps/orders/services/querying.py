"""Querying the gateway about one order. Pages don't wait for the answer: they enqueue the query."""

from __future__ import annotations

import logging
from collections.abc import Container, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.core.cache import cache

from apps.orders.gateways import TRIES, AlipayGateway, GatewayRefused, GatewayUnclear, TradeStatus, gateway_by_id
from apps.orders.models import Order, OrderState, Payment, RequestedAction
from apps.orders.services.settling import settle
from utils.breaker import Breaker, Unavailable
from utils.tasks import NotQueued, enqueue

log = logging.getLogger(__name__)
QUERY_INTERVAL = timedelta(seconds=2)
QUERY_EXPIRES_AFTER = 60  # seconds in the queue; there is at most one pending query per order
UNCLEAR_FOR = 30  # seconds for which pages report the gateway as unavailable, unless it answers
PROBE_INTERVAL = 5  # seconds between two queries to a silent gateway, however many orders wait
_breakers: dict[str, Breaker] = {}  # by application: each fails on its own


def query_order(*, order: Order, at: datetime, tries: int = TRIES) -> Order:
    """Settle the order if the gateway reports it as paid. Raises GatewayUnclear."""
    if not order.sent_at:
        return order  # the gateway doesn't know it
    if order.queried_at != at:  # otherwise the caller has claimed the query by setting it
        Order.objects.filter(pk=order.pk).update(queried_at=at)
    try:
        trade = gateway_for(order).query(number=order.number, tries=tries)
    except GatewayRefused as error:
        raise GatewayUnclear(str(error)) from error
    if trade is not None and trade.was_paid:
        return settle(trade=trade, at=at)
    if trade is not None and trade.status == TradeStatus.CLOSED:
        # it can't be paid there any more, so the buyer may order again
        Order.objects.filter(pk=order.pk).move(OrderState.PENDING, OrderState.CLOSED, closed_at=at)
    order.refresh_from_db()
    return order


def gateway_for(row: Order | Payment) -> AlipayGateway:
    """The gateway that the order or the payment went through.

    Raises GatewayUnclear, and GatewayRefused if payments aren't set up.
    """
    return gateway_by_id(name=row.gateway, app_id=row.app_id)


def query_soon(*, order: Order, at: datetime) -> bool:
    """Enqueue a query about an order that a page waits for, one at a time.

    Two queries are at least QUERY_INTERVAL apart; a silent gateway gets one every PROBE_INTERVAL seconds, whichever
    the order. Returns False while the state is unknown because the gateway or the queue doesn't answer.
    """
    if not order.sent_at:
        return True  # the gateway doesn't know it
    silent = _silent(order.app_id)
    unclear = cache.get_many([silent, _unclear(order.pk)])  # empty when all is well, and without Redis
    if (
        not queried_recently(order, at)
        and _may_try(silent, unclear)
        and cache.add(_pending(order.pk), 1, QUERY_EXPIRES_AFTER)
    ):
        try:
            enqueue("orders.ask", expires=QUERY_EXPIRES_AFTER, order_id=order.pk)
        except NotQueued as error:
            log.warning("Order %s: %s", order.number, error)
            return False
    return not unclear


def queried_recently(order: Order, at: datetime) -> bool:
    """Whether it is too early to query this order again."""
    return order.queried_at is not None and order.queried_at > at - QUERY_INTERVAL


def request_action(*, order: Order, requested_action: RequestedAction, at: datetime) -> Order:
    """Record the action that the buyer requested for an unpaid order that the gateway knows, and enqueue it.

    The last request counts. If the queue is down, `reconcile` picks the order up.
    """
    # reset, so that the order is queried at once
    Order.objects.open().filter(pk=order.pk).update(requested_action=requested_action, queried_at=None)
    order.refresh_from_db()
    query_soon(order=order, at=at)
    return order


@contextmanager
def allowing_next_query(*, order: Order) -> Iterator[None]:
    """Allow pages to enqueue the next query once this one has ended."""
    try:
        yield
    finally:
        cache.delete(_pending(order.pk))


@contextmanager
def reporting_outcome(*, order: Order) -> Iterator[None]:
    """Report to pages whether a query to the gateway succeeded.

    Few workers wait for the gateway at once, and none while the breaker is open. Raises GatewayUnclear.
    """
    breaker = breaker_for(order.app_id)
    try:
        with breaker.calling(GatewayUnclear, SoftTimeLimitExceeded):
            yield
    except (GatewayUnclear, SoftTimeLimitExceeded, Unavailable) as unclear:
        log.warning("Order %s: %s", order.number, unclear)
        cache.set(_silent(order.app_id) if breaker.resting else _unclear(order.pk), 1, UNCLEAR_FOR)
        raise GatewayUnclear(str(unclear)) from unclear
    else:
        cache.delete_many([_silent(order.app_id), _unclear(order.pk)])


def breaker_for(app_id: str) -> Breaker:
    """The circuit breaker of that application's gateway."""
    return _breakers.setdefault(app_id, Breaker("The payment service", most=3))


def _may_try(silent: str, unclear: Container[str]) -> bool:
    return silent not in unclear or cache.add(f"{silent}:tried", 1, PROBE_INTERVAL)


def _pending(pk: int) -> str:
    return f"order:{pk}:querying"


def _unclear(pk: int) -> str:
    return f"order:{pk}:unclear"


def _silent(app_id: str) -> str:
    return f"gateway:{app_id}:silent"
