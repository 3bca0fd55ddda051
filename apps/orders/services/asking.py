"""Asking the gateway how one order stands."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from apps.orders.gateways import TRIES, GatewayRefused, GatewayUnclear, TradeStatus, gateway
from apps.orders.models import Order, State
from apps.orders.services.settling import settle

ASK_AT_MOST_EVERY = timedelta(seconds=2)


def ask(*, order: Order, at: datetime, tries: int = TRIES) -> Order:
    """Settle the order if the gateway says it was paid. Raises GatewayUnclear when it can't be asked."""
    if not order.sent_at:
        return order  # the gateway never heard of it
    Order.objects.filter(pk=order.pk).update(asked_at=at)
    try:
        trade = gateway().query(number=order.number, tries=tries)
    except GatewayRefused as error:
        raise GatewayUnclear(str(error)) from error
    if trade is not None and trade.status.is_paid:
        return settle(trade=trade, at=at)
    if trade is not None and trade.status == TradeStatus.CLOSED:
        # it can't be paid there any more: the buyer is free to order again
        Order.objects.filter(pk=order.pk).move(State.PENDING, State.CLOSED, closed_at=at)
    order.refresh_from_db()
    return order


def ask_gently(*, order: Order, at: datetime) -> Order:
    """As `ask`, for a page that polls: once in ASK_AT_MOST_EVERY at most, and the next poll is the second try."""
    waited = Q(asked_at=None) | Q(asked_at__lte=at - ASK_AT_MOST_EVERY)
    if not Order.objects.filter(waited, pk=order.pk, sent_at__isnull=False).update(asked_at=at):
        order.refresh_from_db()
        return order
    return ask(order=order, at=at, tries=1)
