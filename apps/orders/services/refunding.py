"""Completing a refund, whether ours or the gateway's."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.orders.models import Order, OrderState, Payment, Refund
from apps.orders.models.payments import WALLET
from apps.orders.services.fulfilling import TAKE_BACK
from apps.orders.services.receipts import send_refund_receipt
from apps.wallet import services as wallet
from apps.wallet.models import Entry


def complete(row: Refund, at: datetime) -> None:
    """Mark a requested refund as done; once a payment is fully refunded, the order is revoked."""
    with transaction.atomic():
        order = Order.objects.select_for_update().select_related("user", "membership").get(pk=row.payment.order_id)
        requested = Refund.objects.filter(pk=row.pk, state=Refund.State.REQUESTED)
        if not requested.update(state=Refund.State.DONE, done_at=at):
            return  # another process got there first
        payment = Payment.objects.get(pk=row.payment_id)
        send_refund_receipt(order, row, payment, at)
        if payment.gateway == WALLET:
            wallet.move(
                user=order.user, amount=row.amount, kind=Entry.Kind.REFUND, reference=row.number,
                subject=order.subject, at=at,
            )  # fmt: skip
        bought = payment.flag in {Payment.Flag.NONE, Payment.Flag.OWNED}
        pending = payment.refunds.filter(state=Refund.State.REQUESTED).exists()
        if not bought or pending or payment.refunded < payment.amount:
            return  # after a partial refund the buyer keeps the purchase
        if not payment.flag:
            TAKE_BACK[order.kind](order, at)
        paid = Order.objects.filter(pk=order.pk)
        if not paid.move(OrderState.FULFILLED, OrderState.REFUNDED, refunded_at=at):
            paid.move(OrderState.PAID, OrderState.REFUNDED, refunded_at=at)
