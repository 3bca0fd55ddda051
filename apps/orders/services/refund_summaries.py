"""Refund summaries for the order page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.orders.models import Payment, Refund
from apps.orders.models.payments import WALLET

Flag = Payment.Flag


@dataclass(frozen=True)
class RefundSummary:
    """Refunds of one payment in yuan: still pending, completed, and the reason."""

    pending: Decimal
    refunded: Decimal
    to_wallet: bool
    reason: str = ""


def refund_summaries(*, payments: Iterable[Payment]) -> list[RefundSummary]:
    """One summary per payment with refunds; `payments` need their refunds prefetched."""
    reasons = {
        Flag.CLOSED: _("Your payment arrived after the order was closed."),
        Flag.TWICE: _("This order was paid more than once."),
        Flag.AMOUNT: _("The amount paid doesn't match the order."),
        Flag.OWNED: _("You already own this title."),
        Flag.APP: _("The payment came through a different channel than the order's."),
    }
    found = []
    for payment in payments:
        refunded = _sum(payment, Refund.State.DONE)
        # an unclaimed payment is refunded in full, whether or not that was requested yet
        pending = payment.amount - refunded if payment.flag else _sum(payment, Refund.State.REQUESTED)
        if pending or refunded:
            reason = reasons[Flag(payment.flag)] if payment.flag else ""
            found.append(
                RefundSummary(pending=pending, refunded=refunded, to_wallet=payment.gateway == WALLET, reason=reason)
            )
    return found


def _sum(payment: Payment, state: Refund.State) -> Decimal:
    return sum((row.amount for row in payment.refunds.all() if row.state == state), Decimal(0))
