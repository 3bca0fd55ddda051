"""The queue "money": gateway queries and periodic tasks for orders."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from apps.orders import services as orders
from apps.orders.models import Refund
from utils.tasks import one_at_a_time

# Seconds until SoftTimeLimitExceeded is raised and until the process is killed. All of them, but those of the
# media queues, end before the broker hands a task out again (visibility_timeout).
CALL: dict[str, Any] = {"soft_time_limit": 60, "time_limit": 90}
RUN: dict[str, Any] = {"soft_time_limit": 600, "time_limit": 660}


@shared_task(name="orders.ask", **CALL)
def query_order(*, order_id: int, **_: Any) -> None:
    orders.run_query(order_id=order_id, at=timezone.now())


@shared_task(name="orders.fetch_certificate", **CALL)
def fetch_certificate(*, app_id: str, sn: str, **_: Any) -> None:
    orders.fetch_certificate(app_id=app_id, sn=sn)


@shared_task(name="orders.carry_out", **CALL)
def execute_refund(*, refund_id: int, **_: Any) -> None:
    orders.execute_refund(refund=Refund.objects.select_related("payment").get(pk=refund_id), at=timezone.now())


@shared_task(name="orders.reconcile", **RUN)
@one_at_a_time
def reconcile(**_: Any) -> None:
    orders.reconcile(at=timezone.now())


@shared_task(name="orders.statement", **RUN)
@one_at_a_time
def statement(**_: Any) -> None:
    orders.daily_statement(at=timezone.now())
