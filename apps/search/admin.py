"""Administration of hot searches and banned words."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from apps.search import services
from apps.search.forms import BannedWordForm, HotSearchForm
from apps.search.models import BannedWord, HotSearch
from utils.admin import FormAdmin


@admin.register(HotSearch)
class HotSearchAdmin(FormAdmin):
    form = HotSearchForm
    list_display = ["text", "viewers", "place", "shown_now"]
    list_editable = ["place"]
    list_filter = ["banned", ("place", admin.EmptyFieldListFilter)]
    search_fields = ["text"]
    ordering = [F("place").asc(nulls_last=True), "-heat"]
    actions = ["ban"]

    @display(description=_("recent viewers"))
    def viewers(self, row: HotSearch) -> str:
        return f"{row.viewers(timezone.now()):.1f}"

    @display(description=_("shown now"), boolean=True)
    def shown_now(self, row: HotSearch) -> bool:
        return row.is_shown(timezone.now())

    def has_ban_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("search.add_bannedword")

    @action(description=_("Ban"), permissions=["ban"])
    def ban(self, request: HttpRequest, rows: QuerySet[HotSearch]) -> None:
        count = services.hot.ban(texts=[row.text for row in rows])
        self.message_user(request, ngettext("%d word banned.", "%d words banned.", count) % count)


@admin.register(BannedWord)
class BannedWordAdmin(FormAdmin):
    form = BannedWordForm
    list_display = ["text"]
    search_fields = ["text"]

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.hot.refresh_bans()

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        super().delete_model(request, obj)
        services.hot.refresh_bans()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        super().delete_queryset(request, queryset)
        services.hot.refresh_bans()
