"""What a coupon takes off a plan's price."""

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
    """The code doesn't lower this price; the message says why, in the user's language."""


TRIES = 20  # codes that aren't any, of one who asks
TRIES_IN = 3600.0  # seconds


def count_attempt(*, code: str, who: str) -> None:
    """Count a code that is none against `who` tried it. Raises CouponRefused where that were too many,
    whatever the code: a right one among the guesses is not told from the wrong ones."""
    limit = Limit(f"coupon:{who}", TRIES, TRIES_IN)
    known = Coupon.objects.with_code(code).exists()
    if count(limit) >= TRIES if known else take([limit]) > 0:
        raise CouponRefused(_("Too many codes tried. Try again in an hour."))


def discount_for(*, code: str, plan: Plan, user: User | None, at: datetime) -> tuple[Coupon, Decimal]:
    """The coupon and the yuan it takes off the plan's price. Raises CouponRefused.

    Within a sale, `lock` comes first, so that of two users who take the last use one gets it.
    """
    coupon = Coupon.objects.with_code(code).first()
    if coupon is None:
        raise CouponRefused(_("Invalid coupon code."))
    if not coupon.runs(at):
        raise CouponRefused(_("This coupon isn't active right now."))
    if coupon.plans.exists() and not coupon.plans.filter(pk=plan.pk).exists():
        raise CouponRefused(_("This coupon doesn't apply to this plan."))
    # An order that can't be paid any more gives its use back, even if nobody has closed it yet. One that was sent to
    # the gateway may have been paid in its last second: it is over once the gateway says so.
    uses = Order.objects.filter(coupon=coupon).exclude(state=OrderState.CLOSED)
    uses = uses.exclude(state=OrderState.PENDING, expires_at__lte=at, sent_at=None)
    if coupon.limit is not None and uses.count() >= coupon.limit:
        raise CouponRefused(_("This coupon has been fully redeemed."))
    if user is not None and uses.filter(user=user).count() >= coupon.limit_per_user:
        raise CouponRefused(_("You've already used this coupon."))
    return coupon, _off(coupon, plan.price)


def lock(*, code: str) -> None:
    """Let nobody else count the coupon's uses until this transaction ends."""
    Coupon.objects.select_for_update().with_code(code).first()


def _off(coupon: Coupon, price: Decimal) -> Decimal:
    off = coupon.value if coupon.kind == Coupon.Kind.AMOUNT else price * coupon.value / 100
    return min(off.quantize(LOWEST, ROUND_DOWN), price - LOWEST)
