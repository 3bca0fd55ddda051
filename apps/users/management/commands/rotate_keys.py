"""After SECRET_KEY was replaced: encrypt what the database holds under the new key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.users import services


class Command(BaseCommand):
    help = "Encrypts the secrets in the database under SECRET_KEY, while SECRET_KEY_FALLBACKS still opens them."

    def handle(self, *args: Any, **options: Any) -> None:
        done, lost = services.keys.reencrypt()
        self.stdout.write(f"{done} secrets are encrypted under SECRET_KEY now.")
        if lost:
            raise CommandError(
                f"{lost} secrets can't be read: add the key they were made with to SECRET_KEY_FALLBACKS."
            )
