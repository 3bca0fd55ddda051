"""What beat asks of the orders, on the default queue."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from apps.orders import services


@shared_task(name="orders.reconcile")
def reconcile(**_: Any) -> None:
    services.reconcile(at=timezone.now())
