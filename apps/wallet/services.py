"""Moving money in and out of a wallet. Every call stands in the caller's transaction, with what it pays for."""

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
    """The balance doesn't cover it; the message says so in the user's language."""


def balance_of(*, user: User) -> Decimal:
    """What the user has, in yuan."""
    return Wallet.objects.filter(user=user).values_list("balance", flat=True).first() or Decimal(0)


def move(*, user: User, amount: Decimal, kind: Entry.Kind, reference: str, at: datetime, subject: str = "") -> Entry:
    """Add `amount` yuan (below zero takes it away) and write down why. Raises NotEnoughMoney.

    The same movement a second time changes nothing: the entry of the first is given back.
    """
    with transaction.atomic():
        wallet, _made = Wallet.objects.get_or_create(user=user)
        wallet = Wallet.objects.select_for_update().get(pk=wallet.pk)
        if known := Entry.objects.filter(kind=kind, reference=reference).first():
            return known
        # The condition holds even where a lock does not: nothing is spent that isn't there.
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
