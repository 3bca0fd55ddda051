"""A user's money on the site: a balance, and the entries that explain it."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from utils.money import MoneyField
from utils.rows import name_of


class Wallet(models.Model):
    """A user's balance in yuan: the sum of its entries, stored so that it can be locked and constrained."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="wallet", verbose_name=_("user"))
    balance = MoneyField(_("balance"), default=0)

    class Meta:
        verbose_name = _("wallet")
        verbose_name_plural = _("wallets")
        constraints = [models.CheckConstraint(condition=Q(balance__gte=0), name="wallet_balance_not_negative")]

    def __str__(self) -> str:
        return name_of(self, "user")


class EntryQuerySet(models.QuerySet["Entry"]):
    """Raises TypeError on update and delete: the ledger is append-only."""

    def update(self, **_: Any) -> NoReturn:
        raise TypeError("The ledger is append-only.")

    def delete(self) -> NoReturn:
        raise TypeError("The ledger is append-only.")


class Entry(models.Model):
    """One movement, with the balance after it. Append-only: corrections are made by another entry."""

    class Kind(models.TextChoices):
        """Why money moved."""

        TOP_UP = "top_up", _("top-up")
        PURCHASE = "purchase", _("purchase")
        REFUND = "refund", _("refund to wallet")
        TAKEN_BACK = "taken_back", _("top-up refunded")
        RESTORED = "restored", _("top-up restored")

    wallet = models.ForeignKey(Wallet, models.PROTECT, related_name="entries", verbose_name=_("wallet"))
    kind = models.CharField(_("type"), max_length=10, choices=Kind)
    amount = MoneyField(_("amount"))  # yuan, negative for money that left
    balance_after = MoneyField(_("balance after"))
    reference = models.CharField(_("reference"), max_length=64)  # the order or refund behind it
    subject = models.CharField(_("subject"), max_length=140, blank=True)
    created_at = models.DateTimeField(_("time"))

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["-pk"]
        constraints = [
            # each order or refund moves money once
            models.UniqueConstraint(fields=["kind", "reference"], name="wallet_entry_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="wallet_entry_moves_money"),
            models.CheckConstraint(condition=Q(balance_after__gte=0), name="wallet_entry_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The ledger is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("The ledger is append-only.")
