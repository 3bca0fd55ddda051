"""Shared by the shop pages and the JSON API: placing an order from a form, and starting its payment."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from apps.orders import services
from apps.orders.forms import WALLET, BuyForm
from apps.orders.gateways import payments_enabled
from apps.orders.models import Order
from apps.orders.views.outside import in_app_browser, is_phone, payment_link
from apps.users.models import User


def place(form: BuyForm, user: User, at: datetime) -> Order:
    """Place the order that a valid form describes. Raises UnableToPlaceOrder and CouponRefused."""
    wanted = form.cleaned_data
    if wanted["amount"] is not None:
        return services.place_top_up(user=user, amount=wanted["amount"], at=at)
    if wanted["coupon"]:
        services.count_attempt(code=wanted["coupon"], who=f"user:{user.pk}")
    item = wanted["plan"] or wanted["movie"]
    return services.place_order(user=user, item=item, at=at, code=wanted["coupon"], audience=form.audience)


def start_payment(request: HttpRequest, order: Order, user: User, method: str, at: datetime) -> str:
    """The URL of the buyer's next page: the gateway's, or the order's if the wallet paid.

    Raises UnableToPay and NotEnoughMoney.
    """
    if method == WALLET:
        services.pay_from_wallet(order=order, user=user, at=at)
        return order.get_absolute_url()
    if in_app_browser(request) and payments_enabled():
        return payment_link(order)
    return services.pay_by_gateway(order=order, phone=is_phone(request), site=request.build_absolute_uri("/"), at=at)
