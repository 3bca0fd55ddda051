"""Moving money in and out of a wallet, in the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.wallet.models import Entry, Wallet
from utils.money import yuan_value

if TYPE_CHECKING:
    from apps.users.models import User


class NotEnoughMoney(Exception):
    """The balance is too low; the message says so in the user's language."""


def balance_of(*, user: User) -> Decimal:
    """The user's balance in yuan."""
    return Wallet.objects.filter(user=user).values_list("balance", flat=True).first() or Decimal(0)


def move(*, user: User, amount: Decimal, kind: Entry.Kind, reference: str, at: datetime, subject: str = "") -> Entry:
    """Add `amount` yuan (negative to subtract) and record the entry. Raises NotEnoughMoney.

    Idempotent: repeating a movement returns its first entry.
    """
    with transaction.atomic():
        wallet, _made = Wallet.objects.get_or_create(user=user)
        wallet = Wallet.objects.select_for_update().get(pk=wallet.pk)
        if known := Entry.objects.filter(kind=kind, reference=reference).first():
            return known
        # Guarded update: correct even where row locks aren't supported (SQLite).
        covered = Wallet.objects.filter(pk=wallet.pk, balance__gte=-amount)
        if not covered.update(balance=F("balance") + yuan_value(amount)):
            raise NotEnoughMoney(_("Your wallet balance is too low. Top up, or choose another payment method."))
        wallet.refresh_from_db(fields=["balance"])
        return Entry.objects.create(
            wallet=wallet,
            kind=kind,
            amount=amount,
            balance_after=wallet.balance,
            reference=reference,
            subject=subject,
            created_at=at,
        )
