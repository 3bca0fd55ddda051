"""What stays in the database when the site's key is replaced, written anew under the new one."""

from __future__ import annotations

from django.db import transaction

from apps.users.models import SecondFactor


def reencrypt() -> tuple[int, int]:
    """Encrypt every secret under SECRET_KEY: (how many were rewritten, how many no key opens)."""
    done = lost = 0
    for pk in SecondFactor.objects.values_list("pk", flat=True):
        with transaction.atomic():
            row = SecondFactor.objects.select_for_update().filter(pk=pk).first()
            if row is None:
                continue  # turned off meanwhile
            if not row.secret:
                lost += 1
                continue
            row.save(update_fields=["secret"])
            done += 1
    return done, lost
