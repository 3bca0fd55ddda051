"""Coupon discounts on plans."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from apps.orders.models import Coupon, Order, OrderState, Plan
from apps.orders.models.offers import LOWEST
from utils.ratelimit import Limit, count, take

if TYPE_CHECKING:
    from apps.users.models import User


class CouponRefused(Exception):
    """The coupon doesn't apply; the message says why, in the user's language."""


TRIES = 20  # invalid codes per user or address
TRIES_IN = 3600.0  # seconds


def count_attempt(*, code: str, who: str) -> None:
    """Count an invalid code against `who`. Raises CouponRefused after too many, even for a valid code,
    so that guessing reveals nothing."""
    limit = Limit(f"coupon:{who}", TRIES, TRIES_IN)
    known = Coupon.objects.with_code(code).exists()
    if count(limit) >= TRIES if known else take([limit]) > 0:
        raise CouponRefused(_("Too many coupon codes tried. Try again in an hour."))


def discount_for(*, code: str, plan: Plan, user: User | None, at: datetime) -> tuple[Coupon, Decimal]:
    """The coupon and its discount on the plan's price, in yuan. Raises CouponRefused.

    When placing an order call `lock` first, so that only one of two users gets the last redemption.
    """
    coupon = Coupon.objects.with_code(code).first()
    if coupon is None:
        raise CouponRefused(_("Invalid coupon code."))
    if not coupon.runs(at):
        raise CouponRefused(_("This coupon isn't active right now."))
    if coupon.plans.exists() and not coupon.plans.filter(pk=plan.pk).exists():
        raise CouponRefused(_("This coupon doesn't apply to this plan."))
    # An expired order releases its redemption even before it is closed. One that was sent to the gateway may have
    # been paid in its last second, so it counts until the gateway has answered.
    uses = Order.objects.filter(coupon=coupon).exclude(state=OrderState.CLOSED)
    uses = uses.exclude(state=OrderState.PENDING, expires_at__lte=at, sent_at=None)
    if coupon.limit is not None and uses.count() >= coupon.limit:
        raise CouponRefused(_("This coupon has been fully redeemed."))
    if user is not None and uses.filter(user=user).count() >= coupon.limit_per_user:
        raise CouponRefused(_("You've already used this coupon."))
    return coupon, _off(coupon, plan.price)


def lock(*, code: str) -> None:
    """Lock the coupon's row until the transaction ends."""
    Coupon.objects.select_for_update().with_code(code).first()


def _off(coupon: Coupon, price: Decimal) -> Decimal:
    off = coupon.value if coupon.kind == Coupon.Kind.AMOUNT else price * coupon.value / 100
    return min(off.quantize(LOWEST, ROUND_DOWN), price - LOWEST)
