"""Settling: record a payment and fulfil its order exactly once, however often the payment is reported."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.orders.gateways import Trade
from apps.orders.models import Order, OrderState, Payment
from apps.orders.services.console_refunds import note_refunds
from apps.orders.services.fulfilling import FULFIL, UnableToFulfil
from apps.orders.services.receipts import send_payment_receipt


def settle(*, trade: Trade, at: datetime) -> Order:
    """Record a paid trade and fulfil its order in one transaction.

    A payment that can't buy anything any more is kept and flagged. Raises Order.DoesNotExist for an unknown number
    and ValueError for an unpaid trade.
    """
    if not trade.was_paid:
        raise ValueError("Only a paid trade can be settled.")
    with transaction.atomic():
        order = Order.objects.select_for_update().select_related("user").get(number=trade.number)
        if known := Payment.objects.filter(gateway=trade.gateway, trade_no=trade.trade_no).first():
            note_refunds(payment=known, total=trade.refunded, said=trade.refunded_at, at=at)
            order.refresh_from_db()
            return order  # already recorded
        payment = Payment(
            order=order,
            gateway=trade.gateway,
            app_id=trade.app_id,
            trade_no=trade.trade_no,
            amount=trade.amount,
            buyer=trade.buyer,
            paid_at=trade.paid_at or at,
            created_at=at,
        )
        if order.app_id and trade.app_id and (order.gateway, order.app_id) != (trade.gateway, trade.app_id):
            payment.flag = Payment.Flag.APP  # paid through another application, such as the sandbox
        elif order.state == OrderState.PENDING and not order.user.is_active:
            # the account was deleted or locked while the buyer paid, so nobody could use the purchase
            Order.objects.filter(pk=order.pk).move(OrderState.PENDING, OrderState.CLOSED, closed_at=at)
            payment.flag = Payment.Flag.CLOSED
        elif order.state != OrderState.PENDING:
            payment.flag = Payment.Flag.CLOSED if order.state == OrderState.CLOSED else Payment.Flag.TWICE
        elif trade.amount != order.amount:
            payment.flag = Payment.Flag.AMOUNT
            # the gateway takes no second payment of this trade, so that nobody can put the order right
            Order.objects.filter(pk=order.pk).move(OrderState.PENDING, OrderState.CLOSED, closed_at=at)
        payment.save()
        if not payment.flag:
            _fulfil(order, payment, at)
        note_refunds(payment=payment, total=trade.refunded, said=trade.refunded_at, at=at)
        order.refresh_from_db()
        return order


def _fulfil(order: Order, payment: Payment, at: datetime) -> None:
    Order.objects.filter(pk=order.pk).move(OrderState.PENDING, OrderState.PAID, paid_at=payment.paid_at)
    try:
        FULFIL[order.kind](order, at)
    except UnableToFulfil:
        payment.flag = Payment.Flag.OWNED
        payment.save(update_fields=["flag"])
        return
    Order.objects.filter(pk=order.pk).move(OrderState.PAID, OrderState.FULFILLED)
    send_payment_receipt(order, at)
