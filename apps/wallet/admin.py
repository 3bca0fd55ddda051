"""Wallets and their ledgers: to be read, never written by hand."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display

from apps.wallet.models import Entry, Wallet
from utils.admin import ReadOnlyAdmin
from utils.templatetags.formats import signed_yuan, yuan


@admin.register(Wallet)
class WalletAdmin(ReadOnlyAdmin):
    list_display = ["user", "holds"]
    list_select_related = ["user"]
    ordering = ["-balance"]
    search_fields = ["user__username", "user__nickname", "user__email", "user__phone"]

    @display(description=_("balance"), ordering="balance")
    def holds(self, wallet: Wallet) -> str:
        return yuan(wallet.balance)


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "wallet", "kind", "movement", "after", "subject", "reference"]
    list_filter = [("kind", ChoicesDropdownFilter), ("created_at", RangeDateFilter)]
    list_filter_submit = True
    search_fields = ["wallet__user__username", "reference", "subject"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        rows: QuerySet[Entry] = super().get_queryset(request)
        return rows.select_related("wallet__user")

    @display(description=_("amount"), ordering="amount")
    def movement(self, entry: Entry) -> str:
        return signed_yuan(entry.amount)

    @display(description=_("balance after"))
    def after(self, entry: Entry) -> str:
        return yuan(entry.balance_after)
