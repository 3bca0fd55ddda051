"""Closing what isn't paid: at the gateway first, so that nobody pays for a closed order."""

from __future__ import annotations

from datetime import datetime

from apps.orders.gateways import TRIES, GatewayRefused, GatewayUnclear
from apps.orders.models import Order, State
from apps.orders.services.asking import ask, gateway_for


def close(*, order: Order, at: datetime, tries: int = TRIES) -> Order:
    """Close an unpaid order; one that was paid in the meantime is settled instead. Raises GatewayUnclear."""
    if order.state != State.PENDING:
        return order
    if order.sent_at:
        try:
            closed = gateway_for(order).close(number=order.number, tries=tries)
        except GatewayRefused as error:
            raise GatewayUnclear(str(error)) from error
        if not closed:
            return ask(order=order, at=at, tries=tries)
    # of a close and a settlement at once, the first one wins; the guarded update tells who that was
    Order.objects.filter(pk=order.pk).move(State.PENDING, State.CLOSED, closed_at=at)
    order.refresh_from_db()
    return order
