"""`manage.py outbox`: prints a new single-use address of the outbox."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from apps.users import services


class Command(BaseCommand):
    help = "Prints an address that opens the outbox once, in one browser, until the site restarts."

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(f"{settings.SITE_URL}{reverse('users:outbox')}?key={services.outbox.make_key()}")
