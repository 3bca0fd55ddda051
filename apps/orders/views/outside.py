"""Payment in an external browser: WeChat, QQ and Weibo block Alipay's page, so a link is opened outside the app.

The link needs no session. It is signed for one order, expires after LIVES, shows the order and its state, and
allows nothing but paying it.
"""

from __future__ import annotations

import re
from datetime import timedelta

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.orders import services
from apps.orders.models import Order, OrderState
from apps.orders.views.tickets import ticket_for

LIVES = timedelta(minutes=30)
SALT = "orders.outside"
PHONE = ("Mobile", "Android", "iPhone", "iPad")  # in the User-Agent of browsers that can open Alipay's app
# "QQ/8.9.3" is the app; "MQQBrowser/13.2" is a browser of its own, which opens Alipay's page.
APPS = [
    ("wechat", re.compile("MicroMessenger", re.I)),
    ("qq", re.compile(r"(?<![A-Za-z])QQ/")),
    ("weibo", re.compile("weibo", re.I)),
]


def in_app_browser(request: HttpRequest) -> str:
    """The app whose built-in browser sent the request: wechat, qq or weibo; empty for other browsers."""
    agent = request.headers.get("User-Agent", "")
    return next((name for name, pattern in APPS if pattern.search(agent)), "")


def is_phone(request: HttpRequest) -> bool:
    """Whether the browser runs on a mobile device, where it can open Alipay's app."""
    agent = request.headers.get("User-Agent", "")
    return any(name in agent for name in PHONE)


def payment_link(order: Order) -> str:
    """A signed path whose holder may pay this order, and do nothing else."""
    return reverse("orders:outside", args=[signing.TimestampSigner(salt=SALT).sign(order.number)])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def outside(request: HttpRequest, token: str) -> HttpResponse:
    """Inside an app, explain how to open the link in a browser; otherwise show the order to be paid."""
    try:
        number = signing.TimestampSigner(salt=SALT).unsign(token, max_age=LIVES)
    except signing.BadSignature:
        return _show(request, {}, status=410)
    at = timezone.now()
    order = get_object_or_404(Order, number=number)
    app, error = in_app_browser(request), ""
    if request.method == "POST" and not app:
        try:
            return redirect(
                services.pay_by_gateway(
                    order=order, phone=is_phone(request), site=request.build_absolute_uri("/"), back=request.path, at=at
                )
            )
        except services.UnableToPay as refused:
            error = str(refused)
    if order.state == OrderState.PENDING:
        services.query_soon(order=order, at=at)
    context: dict[str, object] = {
        "order": order,
        "app": app,
        "link": request.build_absolute_uri(request.path),
        "is_over": order.expires_at <= at,
        "error": error,
    }
    if order.state == OrderState.PENDING and order.sent_at and order.expires_at > at and not app:
        context["ticket"] = ticket_for(order)
    return _show(request, context, status=400 if error else 200)


def _show(request: HttpRequest, context: dict[str, object], *, status: int) -> HttpResponse:
    response = render(request, "orders/outside.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "same-origin"  # the URL grants access
    return response
