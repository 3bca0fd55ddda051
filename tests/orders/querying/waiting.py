"""Orders that were sent to the gateway, and pages that wait for them."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from apps.orders import services
from apps.orders.models import Order
from apps.users.models import User
from tests.orders.steps import pay_url

CHECK = "/order/check/"


def sent(plan, client: Client) -> Order:
    order = services.place_order(user=User.objects.get(username="buyer"), item=plan, at=timezone.now())
    pay_url(order)
    order.refresh_from_db()
    return order


def another(like: Order) -> Order:
    """Another one that was sent to the gateway as well."""
    values = {field.attname: getattr(like, field.attname) for field in Order._meta.concrete_fields[1:]}
    return Order.objects.create(**values | {"number": secrets.token_hex(12), "queried_at": None})


def check(client: Client, order: Order) -> int:
    return client.post(CHECK, {"order": order.number}).json()["res"]


def later(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(queried_at=timezone.now() - timedelta(seconds=3))
