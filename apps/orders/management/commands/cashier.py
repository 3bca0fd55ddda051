"""`manage.py cashier --settings streamsite.cashier`: the local stand-in for Alipay, beside `make run`'s site."""

from __future__ import annotations

import signal
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.orders.gateways.cashier.server import run


class Command(BaseCommand):
    help = "Run the local cashier at CASHIER_URL: it speaks Alipay's protocol and takes no real money."
    requires_system_checks = []  # its settings leave out the apps that they check

    def handle(self, *_args: Any, **_options: Any) -> None:
        if settings.PAYMENT_GATEWAY != "cashier" or settings.ENVIRONMENT == "production":
            raise CommandError("The cashier runs only with PAYMENT_GATEWAY=cashier, and never in production.")
        if settings.ROOT_URLCONF != "apps.orders.gateways.cashier.urls":
            raise CommandError("Start it with its own settings: manage.py cashier --settings streamsite.cashier")
        signal.signal(signal.SIGTERM, _stop)
        try:
            run(urlsplit(settings.CASHIER_URL).port or 80)
        except OSError as error:
            raise CommandError(f"{settings.CASHIER_URL}: {error.strerror}") from error


def _stop(*_: Any) -> None:
    raise KeyboardInterrupt
