"""`manage.py rotate_keys`: re-encrypts the secrets in the database after SECRET_KEY was replaced."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.users import services


class Command(BaseCommand):
    help = "Re-encrypts the secrets in the database under SECRET_KEY, reading them with SECRET_KEY_FALLBACKS."

    def handle(self, *args: Any, **options: Any) -> None:
        done, lost = services.keys.reencrypt()
        self.stdout.write(f"{done} secrets re-encrypted under SECRET_KEY.")
        if lost:
            raise CommandError(
                f"{lost} secrets couldn't be decrypted. Add the key they were encrypted with to SECRET_KEY_FALLBACKS."
            )
