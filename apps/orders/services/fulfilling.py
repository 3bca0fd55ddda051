"""Fulfilling each kind of order, and revoking it. Called in the transaction that settles or refunds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apps.orders.models import Order, OrderKind, Purchase
from apps.users import services as users
from apps.wallet import services as wallet
from apps.wallet.models import Entry


class UnableToFulfil(Exception):
    """The order can't be fulfilled: the title is already owned."""


def _give_membership(order: Order, at: datetime) -> None:
    order.membership = users.extend_membership(
        user=order.user, days=order.days or 0, at=at, reason=order.number, streams=order.streams
    )
    order.save(update_fields=["membership"])


def _give_title(order: Order, at: datetime) -> None:
    if Purchase.objects.select_for_update().filter(user=order.user, movie=order.movie, held=True).exists():
        raise UnableToFulfil
    Purchase.objects.create(user=order.user, movie_id=order.movie_id or 0, order=order, created_at=at)


def _give_money(order: Order, at: datetime) -> None:
    wallet.move(
        user=order.user,
        amount=order.amount,
        kind=Entry.Kind.TOP_UP,
        reference=order.number,
        subject=order.subject,
        at=at,
    )


def _take_membership(order: Order, at: datetime) -> None:
    if order.membership:
        users.take_back_membership(membership=order.membership, at=at)


def _take_title(order: Order, at: datetime) -> None:
    Purchase.objects.filter(order=order, held=True).update(held=None, taken_back_at=at)


def _take_money(order: Order, at: datetime) -> None:
    """Nothing to do: the money left the wallet when the refund was requested, so that it can't be spent."""


FULFIL: dict[str, Callable[[Order, datetime], None]] = {
    OrderKind.PLAN: _give_membership,
    OrderKind.TITLE: _give_title,
    OrderKind.TOP_UP: _give_money,
}
TAKE_BACK: dict[str, Callable[[Order, datetime], None]] = {
    OrderKind.PLAN: _take_membership,
    OrderKind.TITLE: _take_title,
    OrderKind.TOP_UP: _take_money,
}
