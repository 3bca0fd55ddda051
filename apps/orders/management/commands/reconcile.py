"""`manage.py reconcile`: what beat does every minute, at once and by hand."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.orders import services


class Command(BaseCommand):
    help = "Ask the gateway about every order and refund without an answer, and close what wasn't paid in time."

    def handle(self, *_args: Any, **_options: Any) -> None:
        found = services.reconcile(at=timezone.now())
        self.stdout.write(" ".join(f"{name}={count}" for name, count in asdict(found).items()))
