"""An order paid at the cashier, its notification, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps.orders import services
from apps.orders.gateways.cashier.cashier import Cashier
from apps.orders.models import Order, Payment
from apps.users.models import Membership, User
from tests.cashier import Till, body
from tests.factories import make_user

FORM = "application/x-www-form-urlencoded"
SOON = timedelta(minutes=2)  # reconcile runs a minute ahead here


def till() -> Till:
    folder = Path(settings.CASHIER_DIR)
    cashier = Cashier(
        folder, app_id=settings.ALIPAY_APP_ID, seller_id=settings.ALIPAY_SELLER_ID, url=settings.CASHIER_URL
    )
    return Till(cashier)


def fresh_user() -> User:
    return make_user(username=f"u{timezone.now().timestamp()}")


def paid_order(user: User, item: Any) -> tuple[Order, bytes]:
    """An order paid at the cashier, and the notification that the site has not had yet."""
    order = services.place_order(user=user, item=item, at=timezone.now())
    url = services.pay_by_gateway(order=order, phone=False, site="http://testserver/", at=timezone.now())
    return order, body(till().notification(till().pay(url)))


def notify(notification: bytes) -> str:
    answer = Client().post("/order/notify/", data=notification, content_type=FORM)
    return f"{answer.status_code} {answer.content.decode()}"


def outcome(order: Order) -> dict[str, Any]:
    order.refresh_from_db()
    return {
        "state": str(order.state),
        "payments": Payment.objects.filter(order=order).count(),
        "memberships": Membership.objects.filter(user=order.user, ends_at__gt=timezone.now() + SOON).count(),
    }
