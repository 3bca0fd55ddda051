"""`manage.py reconcile`: run by hand the reconciliation that beat runs every minute."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.orders import services


class Command(BaseCommand):
    help = "Query the gateway about open orders and refunds, and close orders that weren't paid in time."

    def handle(self, *_args: Any, **_options: Any) -> None:
        found = services.reconcile(at=timezone.now())
        self.stdout.write(" ".join(f"{name}={count}" for name, count in asdict(found).items()))
