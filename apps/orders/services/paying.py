"""Paying through the gateway or from the wallet."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.orders.gateways import GatewayRefused, Trade, TradeStatus, gateway, payments_enabled
from apps.orders.models import Order, OrderKind, OrderState, RequestedAction
from apps.orders.models.payments import WALLET
from apps.orders.services.querying import request_action
from apps.orders.services.settling import settle
from apps.users import services as users
from apps.wallet import services as wallet
from apps.wallet.models import Entry

if TYPE_CHECKING:
    from apps.users.models import User


log = logging.getLogger(__name__)


class UnableToPay(Exception):
    """The order can't be paid this way; the message says why, in the user's language."""


class NotOffered(UnableToPay):
    """The site takes no payments."""


def pay_by_gateway(*, order: Order, phone: bool, site: str, at: datetime, back: str = "") -> str:
    """The gateway's payment URL; the buyer returns to `back` on `site`. Raises UnableToPay."""
    if not payments_enabled():
        raise NotOffered(_("Payments aren't available on this site."))
    _expect_open(order, at)
    try:
        through = gateway()
    except GatewayRefused as error:
        log.warning("Nobody can pay: %s", error)
        raise UnableToPay(_("The payment service is temporarily unavailable. Try again in a minute.")) from error
    unsent = Order.objects.open().filter(pk=order.pk, sent_at=None)
    unsent.update(sent_at=at, gateway=through.name, app_id=through.app_id)
    order.refresh_from_db(fields=["state", "requested_action", "sent_at", "gateway", "app_id"])
    if order.state != OrderState.PENDING or order.requested_action:
        raise UnableToPay(_("This order is being closed. Place a new one."))
    if (order.gateway, order.app_id) != (through.name, through.app_id):
        raise UnableToPay(_("The payment channel has changed since this order was placed. Place a new one."))
    return through.pay_url(
        number=order.number,
        amount=order.amount,
        subject=f"{settings.SITE_NAME} {order.subject}",
        expires_at=order.expires_at,
        return_url=urljoin(site, back or reverse("orders:return")),
        quit_url=urljoin(site, back or order.get_absolute_url()),
        notify_url=f"{settings.SITE_URL}{reverse('orders:notify')}",
        phone=phone,
    )


def pay_from_wallet(*, order: Order, user: User, at: datetime) -> Order:
    """Pay from the wallet in one transaction. Raises UnableToPay and NotEnoughMoney.

    If the buyer was sent to the gateway before, the order is still pending afterwards: a worker first closes the
    trade there, so that nobody pays twice, and then pays (see `closing`).
    """
    with transaction.atomic():
        order = Order.objects.select_for_update().select_related("user").get(pk=order.pk, user=user)
        if order.kind == OrderKind.TOP_UP:
            raise UnableToPay(_("A top-up can't be paid from the wallet."))
        if order.state in {OrderState.PAID, OrderState.FULFILLED} or order.requested_action == RequestedAction.WALLET:
            return order  # the second click
        _expect_open(order, at)
        if order.requested_action == RequestedAction.CANCEL:
            raise UnableToPay(_("This order is being cancelled. Place a new one."))
        if not order.sent_at:
            return charge_wallet(order=order, at=at)
        if wallet.balance_of(user=user) < order.amount:
            raise wallet.NotEnoughMoney(_("Your wallet balance is too low. Top up, or choose another payment method."))
    return request_action(order=order, requested_action=RequestedAction.WALLET, at=at)


def charge_wallet(*, order: Order, at: datetime) -> Order:
    """Pay a locked pending order that isn't open at the gateway. Raises as `pay_from_wallet` does."""
    _expect_open(order, at)
    wallet.move(
        user=order.user,
        amount=-order.amount,
        kind=Entry.Kind.PURCHASE,
        reference=order.number,
        subject=order.subject,
        at=at,
    )
    buyer = order.user.get_username()
    return settle(trade=Trade(WALLET, order.number, order.number, TradeStatus.SUCCESS, order.amount, at, buyer), at=at)


def _expect_open(order: Order, at: datetime) -> None:
    if order.state in {OrderState.PAID, OrderState.FULFILLED}:
        raise UnableToPay(_("This order has already been paid."))
    if order.state != OrderState.PENDING or order.expires_at <= at:
        raise UnableToPay(_("This order was closed because it wasn't paid in time. Place a new one."))
    movie = order.movie
    if movie and movie.member_price == order.amount < movie.price and not users.is_member(user=order.user, at=at):
        raise UnableToPay(_("This is a member price, and your membership has ended. Place a new order."))
