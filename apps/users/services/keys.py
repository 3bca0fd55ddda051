"""Key rotation: re-encrypting stored secrets under the current SECRET_KEY."""

from __future__ import annotations

from django.db import transaction

from apps.users.models import SecondFactor


def reencrypt() -> tuple[int, int]:
    """Re-encrypt every secret under SECRET_KEY; returns (re-encrypted, undecryptable)."""
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
