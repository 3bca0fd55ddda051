"""Prepares the site in one process: checks, migrations, static files, the administrator account.

Run by serve.py with the site's settings in the environment. OUTBOX_KEY replaces all earlier keys to the outbox;
ADMIN_PASSWORD, if set, becomes the administrator's password.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from utils.diagnosis import diagnose


def main() -> None:
    django.setup()
    from django.contrib.auth import get_user_model

    from apps.users import services as users

    call_command("check")  # once, instead of in each worker
    call_command("migrate", interactive=False)
    call_command("collectstatic", interactive=False, verbosity=0)
    users.outbox.forget_keys()
    users.outbox.add_key(os.environ["OUTBOX_KEY"])
    if password := os.environ.get("ADMIN_PASSWORD"):
        accounts = get_user_model().objects
        if admin := accounts.filter(username="admin").first():  # its password file was deleted or never written
            admin.set_password(password)
            admin.save(update_fields=["password"])
        else:
            accounts.create_superuser("admin", "admin@localhost.localdomain", password)


if __name__ == "__main__":
    try:
        main()
    except (CommandError, DatabaseError, ImproperlyConfigured, OSError) as error:
        raise SystemExit(diagnose(error) or f"{type(error).__name__}: {error}") from None
