"""Closing unpaid orders: at the gateway first, so that nobody pays for an order that is closed or paid otherwise."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from apps.orders.gateways import TRIES, GatewayRefused, GatewayUnclear
from apps.orders.models import Order, OrderState, RequestedAction
from apps.orders.services.paying import UnableToPay, charge_wallet
from apps.orders.services.querying import (
    QUERY_INTERVAL,
    allowing_next_query,
    gateway_for,
    queried_recently,
    query_order,
    reporting_outcome,
    request_action,
)
from apps.wallet import services as wallet

log = logging.getLogger(__name__)


def cancel(*, order: Order, at: datetime) -> Order:
    """Cancel an unpaid order: at once, or through the queue if the gateway has to close it first."""
    if Order.objects.filter(pk=order.pk, sent_at=None).move(OrderState.PENDING, OrderState.CLOSED, closed_at=at):
        order.refresh_from_db()
        return order
    return request_action(order=order, requested_action=RequestedAction.CANCEL, at=at)


def close(*, order: Order, at: datetime, tries: int = TRIES) -> Order:
    """Close an unpaid order at the gateway, then here, or pay it from the wallet if its buyer asked for that.

    An order that was paid in the meantime is settled instead. Raises GatewayUnclear.
    """
    if order.state != OrderState.PENDING:
        return order
    if order.sent_at:
        try:
            closed = gateway_for(order).close(number=order.number, tries=tries)
        except GatewayRefused as error:
            raise GatewayUnclear(str(error)) from error
        if not closed:
            return query_order(order=order, at=at, tries=tries)
    # if a close and a settlement race, the guarded update decides
    unpaid = Order.objects.filter(pk=order.pk).exclude(requested_action=RequestedAction.WALLET)
    if not unpaid.move(OrderState.PENDING, OrderState.CLOSED, closed_at=at):
        _pay_or_close(order, at)
    order.refresh_from_db()
    return order


def run_query(*, order_id: int, at: datetime) -> None:
    """Run the query that `query_soon` enqueued. Without an answer, the page's next poll is the retry."""
    order = Order.objects.get(pk=order_id)
    with suppress(GatewayUnclear), allowing_next_query(order=order):
        if queried_recently(order, at):
            return  # another worker did
        with reporting_outcome(order=order):
            waited = Q(queried_at=None) | Q(queried_at__lte=at - QUERY_INTERVAL)
            if not Order.objects.filter(waited, pk=order_id, sent_at__isnull=False).update(queried_at=at):
                return  # another worker is doing it
            order.refresh_from_db()
            (close if order.has_requested_action else query_order)(order=order, at=at, tries=1)


def _pay_or_close(order: Order, at: datetime) -> None:
    """Pay an order that the gateway has closed from the wallet, or close it if that fails."""
    with transaction.atomic():
        order = Order.objects.select_for_update().select_related("user").get(pk=order.pk)
        if order.state != OrderState.PENDING:
            return
        try:
            with transaction.atomic():
                charge_wallet(order=order, at=at)
        except (UnableToPay, wallet.NotEnoughMoney) as refused:
            log.warning("Order %s isn't paid from the wallet: %s", order.number, refused)
            Order.objects.filter(pk=order.pk).move(OrderState.PENDING, OrderState.CLOSED, closed_at=at)
