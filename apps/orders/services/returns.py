"""What an order's page says about money that comes back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.orders.models import Payment, Refund

Flag = Payment.Flag


@dataclass(frozen=True)
class Return:
    """Of one payment, in yuan: what comes back, what has, and why."""

    coming: Decimal
    gone: Decimal
    to_wallet: bool
    why: str = ""


def returns(*, payments: Iterable[Payment]) -> list[Return]:
    """One for each payment of which money comes back, or has; `payments` with their refunds prefetched."""
    reasons = {
        Flag.CLOSED: _("Your payment arrived after the order was closed."),
        Flag.TWICE: _("This order was paid more than once."),
        Flag.AMOUNT: _("The amount paid doesn't match the order."),
        Flag.OWNED: _("You already own this title."),
        Flag.APP: _("The payment came through a different channel than the order's."),
    }
    found = []
    for payment in payments:
        gone = _sum(payment, Refund.State.DONE)
        # what bought nothing comes back whole, whether its refund was asked for already or not
        coming = payment.amount - gone if payment.flag else _sum(payment, Refund.State.REQUESTED)
        if coming or gone:
            why = reasons[Flag(payment.flag)] if payment.flag else ""
            found.append(Return(coming=coming, gone=gone, to_wallet=payment.gateway == "wallet", why=why))
    return found


def _sum(payment: Payment, state: Refund.State) -> Decimal:
    return sum((row.amount for row in payment.refunds.all() if row.state == state), Decimal(0))
