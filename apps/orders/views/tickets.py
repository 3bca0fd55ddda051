"""Tickets for polling pages: a signed order number that gives access to the state of that order, without a session."""

from __future__ import annotations

from datetime import timedelta

from django.core import signing

from apps.orders.models import Order

LIVES = timedelta(days=1)
SALT = "orders.ticket"


def ticket_for(order: Order) -> str:
    """A ticket for the order."""
    return signing.TimestampSigner(salt=SALT).sign(order.number)


def order_of(ticket: str) -> Order:
    """The order of the ticket. Raises Order.DoesNotExist, also for an invalid or expired ticket."""
    try:
        number = signing.TimestampSigner(salt=SALT).unsign(ticket, max_age=LIVES)
    except signing.BadSignature as error:
        raise Order.DoesNotExist from error
    return Order.objects.get(number=number)
