"""Refunds: reserved first, requested until the gateway confirms, then the purchase is revoked."""

from __future__ import annotations

import logging
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.orders.gateways import TRIES, GatewayRefused, GatewayUnclear
from apps.orders.models import Order, OrderKind, Payment, Refund
from apps.orders.models.offers import LOWEST
from apps.orders.models.payments import WALLET
from apps.orders.services.buying import new_number
from apps.orders.services.console_refunds import book
from apps.orders.services.querying import gateway_for
from apps.orders.services.refunding import complete
from apps.wallet import services as wallet
from apps.wallet.models import Entry
from utils.money import yuan_value
from utils.tasks import enqueue

if TYPE_CHECKING:
    from apps.users.models import User

log = logging.getLogger(__name__)


class UnableToRefund(Exception):
    """The payment can't be refunded; the message says why, in the administrator's language."""


def refund(*, payment: Payment, amount: Decimal, reason: str, by: User | None, at: datetime) -> Refund:
    """Reserve `amount` yuan of the payment; `execute_refund` then requests it. Raises UnableToRefund.

    A payment from the wallet is refunded immediately.
    """
    if amount < LOWEST or amount != amount.quantize(LOWEST):
        raise UnableToRefund(_("A refund must be at least ¥0.01, with no more than two decimals."))
    with transaction.atomic():
        order = Order.objects.select_for_update().select_related("user").get(pk=payment.order_id)
        room = Payment.objects.filter(pk=payment.pk, refunded__lte=F("amount") - yuan_value(amount))
        if not room.update(refunded=F("refunded") + yuan_value(amount)):
            raise UnableToRefund(_("The amount exceeds what can still be refunded for this payment."))
        row = Refund.objects.create(
            payment=payment, number=f"R{new_number(at)}", amount=amount, reason=reason[:200], by=by, created_at=at
        )
        if order.kind == OrderKind.TOP_UP and not payment.flag:
            _from_wallet(order, row, at)
        if payment.gateway == WALLET:
            complete(row, at)
            row.refresh_from_db()
        return row


def execute_refund_soon(*, refund: Refund) -> None:
    """Enqueue a requested refund."""
    if refund.state == Refund.State.REQUESTED:
        enqueue("orders.carry_out", refund_id=refund.pk)


def execute_refund(*, refund: Refund, at: datetime) -> Refund:
    """Request a refund from the gateway; without a clear answer it stays requested and is retried."""
    try:
        return attempt(refund=refund, at=at)
    except GatewayUnclear as unclear:
        log.warning("Refund %s: %s", refund.number, unclear)
        return refund


def attempt(*, refund: Refund, at: datetime, tries: int = TRIES) -> Refund:
    """Like `execute_refund`, but raises GatewayUnclear if the refund stays requested."""
    if refund.state != Refund.State.REQUESTED:
        return refund
    Refund.objects.filter(pk=refund.pk).update(queried_at=at)
    refused = _request(refund, tries)
    with transaction.atomic():
        if refused:
            _fail(refund, refused, at)
        else:
            complete(refund, at)
        book(payment=refund.payment, at=at)
    refund.refresh_from_db()
    return refund


def _request(refund: Refund, tries: int) -> str:
    """The reason for a permanent rejection, empty on success. Raises GatewayUnclear."""
    trade_no, request_no, amount = refund.payment.trade_no, refund.number, refund.amount
    try:
        through = gateway_for(refund.payment)
        try:
            through.refund(trade_no=trade_no, request_no=request_no, amount=amount, reason=refund.reason, tries=tries)
        except GatewayRefused as refused:
            done = through.was_refunded(trade_no=trade_no, request_no=request_no, amount=amount, tries=tries)
            return "" if done else str(refused)
    except GatewayRefused as error:  # payments aren't set up
        raise GatewayUnclear(str(error)) from error
    return ""


def _from_wallet(order: Order, row: Refund, at: datetime) -> None:
    """Take a top-up out of the wallet before it is refunded."""
    try:
        _move(order, row, -row.amount, Entry.Kind.TAKEN_BACK, at)
    except wallet.NotEnoughMoney as error:
        raise UnableToRefund(
            _("The user has already spent this top-up: the wallet balance is lower than the refund.")
        ) from error


def _move(order: Order, row: Refund, amount: Decimal, kind: Entry.Kind, at: datetime) -> None:
    """Move `amount` yuan in the buyer's wallet because of a refund. Raises NotEnoughMoney."""
    wallet.move(user=order.user, amount=amount, kind=kind, reference=row.number, subject=order.subject, at=at)


def _fail(row: Refund, why: str, at: datetime) -> None:
    with transaction.atomic():
        order = Order.objects.select_for_update().select_related("user").get(pk=row.payment.order_id)
        requested = Refund.objects.filter(pk=row.pk, state=Refund.State.REQUESTED)
        if not requested.update(state=Refund.State.FAILED, failure=why[:200]):
            return
        Payment.objects.filter(pk=row.payment_id).update(refunded=F("refunded") - yuan_value(row.amount))
        if order.kind == OrderKind.TOP_UP and not row.payment.flag:
            _move(order, row, row.amount, Entry.Kind.RESTORED, at)
