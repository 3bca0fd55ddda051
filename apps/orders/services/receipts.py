"""Mails to buyers about payments and refunds, written in the transaction that they report."""

from __future__ import annotations

from datetime import datetime

from apps.orders.models import Order, Payment, Refund
from apps.users import services as users
from apps.users.models import OutgoingMail


def send_payment_receipt(order: Order, at: datetime) -> None:
    """Write the mail about a paid order."""
    users.outgoing_mail.queue(
        user=order.user, kind=OutgoingMail.Kind.PAID, reference=order.number, at=at,
        item=order.subject, amount=f"{order.amount:.2f}", number=order.number, path=order.get_absolute_url(),
    )  # fmt: skip


def send_refund_receipt(order: Order, row: Refund, payment: Payment, at: datetime) -> None:
    """Write the mail about a refund."""
    users.outgoing_mail.queue(
        user=order.user, kind=OutgoingMail.Kind.REFUNDED, reference=row.number, at=at,
        item=order.subject, amount=f"{row.amount:.2f}", number=order.number, path=order.get_absolute_url(),
        way=payment.gateway,
    )  # fmt: skip
