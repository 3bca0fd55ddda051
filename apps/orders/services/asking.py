"""Asking the gateway how one order stands."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from apps.orders.gateways import GatewayRefused, GatewayUnclear, gateway
from apps.orders.models import Order
from apps.orders.services.settling import settle

ASK_AT_MOST_EVERY = timedelta(seconds=2)


def ask(*, order: Order, at: datetime) -> Order:
    """Settle the order if the gateway says it was paid. Raises GatewayUnclear when it can't be asked."""
    if not order.sent_at:
        return order  # the gateway never heard of it
    Order.objects.filter(pk=order.pk).update(asked_at=at)
    try:
        trade = gateway().query(number=order.number)
    except GatewayRefused as error:
        raise GatewayUnclear(str(error)) from error
    if trade is not None and trade.status.is_paid:
        return settle(trade=trade, at=at)
    order.refresh_from_db()
    return order


def ask_gently(*, order: Order, at: datetime) -> Order:
    """As `ask`, but a page that polls makes the gateway answer once in ASK_AT_MOST_EVERY at most."""
    waited = Q(asked_at=None) | Q(asked_at__lte=at - ASK_AT_MOST_EVERY)
    if not Order.objects.filter(waited, pk=order.pk, sent_at__isnull=False).update(asked_at=at):
        order.refresh_from_db()
        return order
    return ask(order=order, at=at)
