"""Closing what isn't paid: at the gateway first, so that nobody pays for a closed order, or for one paid otherwise."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from apps.orders.gateways import TRIES, GatewayRefused, GatewayUnclear
from apps.orders.models import Order, State, Wish
from apps.orders.services.asking import ASK_AT_MOST_EVERY, ask, asked_lately, gateway_for, question, released, wish_for
from apps.orders.services.paying import UnableToPay, take_from_wallet
from apps.wallet import services as wallet

log = logging.getLogger(__name__)


def cancel(*, order: Order, at: datetime) -> Order:
    """Close an unpaid order for its buyer: at once, or by the queue where the gateway has to close it first."""
    if Order.objects.filter(pk=order.pk, sent_at=None).move(State.PENDING, State.CLOSED, closed_at=at):
        order.refresh_from_db()
        return order
    return wish_for(order=order, wish=Wish.CANCEL, at=at)


def close(*, order: Order, at: datetime, tries: int = TRIES) -> Order:
    """Close an unpaid order at the gateway, then here, or pay it from the wallet if that is its buyer's wish.

    One that was paid in the meantime is settled instead. Raises GatewayUnclear.
    """
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
    unpaid = Order.objects.filter(pk=order.pk).exclude(wish=Wish.WALLET)
    if not unpaid.move(State.PENDING, State.CLOSED, closed_at=at):
        _pay_or_close(order, at)
    order.refresh_from_db()
    return order


def answer_question(*, order_id: int, at: datetime) -> None:
    """What the queue does about `ask_soon`. Without an answer, the page's next question is the second try."""
    order = Order.objects.get(pk=order_id)
    with suppress(GatewayUnclear), released(order=order):
        if asked_lately(order, at):
            return  # somebody else did
        with question(order=order):
            waited = Q(asked_at=None) | Q(asked_at__lte=at - ASK_AT_MOST_EVERY)
            if not Order.objects.filter(waited, pk=order_id, sent_at__isnull=False).update(asked_at=at):
                return  # somebody else does just now
            order.refresh_from_db()
            (close if order.is_unwanted else ask)(order=order, at=at, tries=1)


def _pay_or_close(order: Order, at: datetime) -> None:
    """Pay an order from the wallet that the gateway takes no money for any more, or close it where that can't be."""
    with transaction.atomic():
        order = Order.objects.select_for_update().select_related("user").get(pk=order.pk)
        if order.state != State.PENDING:
            return
        try:
            with transaction.atomic():
                take_from_wallet(order=order, at=at)
        except (UnableToPay, wallet.NotEnoughMoney) as refused:
            log.warning("Order %s isn't paid from the wallet: %s", order.number, refused)
            Order.objects.filter(pk=order.pk).move(State.PENDING, State.CLOSED, closed_at=at)
