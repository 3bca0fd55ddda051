"""Placing orders. The price is fixed here and never looked up again."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.movies.models import Access, Audience, Movie
from apps.orders.gateways import CLOCK, accounts
from apps.orders.models import Coupon, Order, OrderKind, Plan, RequestedAction
from apps.orders.services import coupons
from apps.orders.services.entitlement import owns
from apps.users import services as users
from apps.users.models import User
from utils.templatetags.formats import local_name

TOP_UP_LEAST, TOP_UP_MOST = Decimal("1.00"), Decimal("5000.00")  # yuan
TIME_TO_PAY = timedelta(minutes=5)  # an open order with less left than this is not offered again
OPEN_AT_ONCE = 200  # orders of one user


class UnableToPlaceOrder(Exception):
    """The item isn't sold, or not to this user; the message says why, in the user's language."""


class AlreadyOwned(UnableToPlaceOrder):
    """The user already owns this title."""


def place_order(
    *, user: User, item: Plan | Movie, at: datetime, code: str = "", audience: Audience | None = None
) -> Order:
    """Order a plan or a title at the current price; `code` is a coupon code.

    A title is sold only to an audience that finds it listed: a view passes its request's, the default is all that
    `user` sees wherever they are. Placing the same order again while it is unpaid returns the existing order.
    Raises UnableToPlaceOrder and CouponRefused.
    """
    audience = audience or Audience(user, at)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # serialises the orders of a user
        terms = _title(user, item, audience) if isinstance(item, Movie) else _plan(user, item, at, code)
        return _open(user, terms, at)


def place_top_up(*, user: User, amount: Decimal, at: datetime) -> Order:
    """Order a wallet top-up of `amount` yuan. Raises UnableToPlaceOrder."""
    if not TOP_UP_LEAST <= amount <= TOP_UP_MOST or amount != amount.quantize(Decimal("0.01")):
        raise UnableToPlaceOrder(
            _("Enter an amount between ¥%(least)s and ¥%(most)s.") % {"least": TOP_UP_LEAST, "most": TOP_UP_MOST}
        )
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        terms = {"kind": OrderKind.TOP_UP, "subject": _("Wallet top-up"), "list_price": amount, "amount": amount}
        return _open(user, terms, at)


def title_price(*, movie: Movie, is_vip: bool) -> Decimal:
    """The title's price in yuan for members or for others."""
    return movie.member_price if is_vip else movie.price


def _title(user: User, movie: Movie, audience: Audience) -> dict[str, Any]:
    if movie.access != Access.PAID or not movie.is_listed(audience):
        raise UnableToPlaceOrder(_("This title isn't sold separately."))
    if owns(user=user, movie_id=movie.pk):
        raise AlreadyOwned(_("You already own this title."))
    price = title_price(movie=movie, is_vip=users.is_member(user=user, at=audience.at))
    return {"kind": OrderKind.TITLE, "movie": movie, "subject": movie.title, "list_price": price, "amount": price}


def _plan(user: User, plan: Plan, at: datetime, code: str) -> dict[str, Any]:
    if not plan.on_sale:
        raise UnableToPlaceOrder(_("This plan is no longer available."))
    terms: dict[str, Any] = {
        "kind": OrderKind.PLAN,
        "plan": plan,
        "days": plan.days,
        "streams": plan.streams,
        "subject": _("VIP · %s") % local_name(plan),
        "list_price": plan.price,
        "amount": plan.price,
    }
    if not code.strip():
        return terms
    coupons.lock(code=code)
    same = Order.objects.open().filter(
        _can_be_paid(),
        user=user,
        plan=plan,
        coupon__in=Coupon.objects.with_code(code),
        amount__lt=plan.price,
        requested_action=RequestedAction.NONE,
    )
    if (order := same.filter(expires_at__gt=at + TIME_TO_PAY, list_price=plan.price).first()) and order.coupon:
        coupon: Coupon = order.coupon  # already counted as redeemed
        return terms | {"coupon": coupon, "discount": order.discount, "amount": order.amount}
    coupon, off = coupons.discount_for(code=code, plan=plan, user=user, at=at)
    return terms | {"coupon": coupon, "discount": off, "amount": plan.price - off}


def _open(user: User, terms: dict[str, Any], at: datetime) -> Order:
    waiting = Order.objects.open().filter(user=user, expires_at__gt=at)
    same = waiting.filter(
        requested_action=RequestedAction.NONE,
        **{name: terms.get(name) for name in ("kind", "plan", "movie", "coupon", "amount")},
    )
    if found := same.filter(_can_be_paid(), expires_at__gt=at + TIME_TO_PAY).first():
        return found
    if waiting.count() >= OPEN_AT_ONCE:
        raise UnableToPlaceOrder(_("You have too many unpaid orders. Pay or cancel one first."))
    return Order.objects.create(
        number=new_number(at),
        user=user,
        created_at=at,
        expires_at=at + timedelta(seconds=settings.ORDER_EXPIRES_AFTER),
        **terms,
    )


def _can_be_paid() -> Q:
    """Orders that weren't sent to an application that has been replaced since."""
    return Q(sent_at=None) | Q(app_id__in=[account.app_id for account in accounts()[:1]])


def new_number(at: datetime) -> str:
    """A number for an order or a refund: the date by the gateway's clock and 16 random digits."""
    return f"{at.astimezone(CLOCK):%Y%m%d}{secrets.randbelow(10**16):016d}"
