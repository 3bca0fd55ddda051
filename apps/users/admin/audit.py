"""Read-only admin for the audit log."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from apps.users.models import AccountEvent, AuditEntry
from utils.admin import ReadOnlyAdmin

PAGES = {
    "add": _("add"),
    "change": _("change"),
    "delete": _("delete"),
    "delete_selected": _("delete"),
    "changelist": _("list"),
    "password_change": _("password"),
}


def describe(action: str) -> str:
    """A readable label for an action: `users_user_changelist: lock` becomes 用户 · 锁定."""
    if action in AccountEvent:
        return str(AccountEvent(action).label)
    page, _colon, chosen = action.partition(": ")
    for model, model_admin in admin.site._registry.items():
        prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
        if not page.startswith(prefix):
            continue
        method = getattr(model_admin, chosen, None) if chosen else None
        word = PAGES.get(chosen or page.removeprefix(prefix), chosen)
        return f"{model._meta.verbose_name} · {getattr(method, 'short_description', word)}"
    return action


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor_name", "did", "path", "status", "address"]
    list_filter = [("at", RangeDateTimeFilter), "status"]
    list_filter_submit = True
    search_fields = ["actor_name", "action", "path", "details", "address"]
    ordering = ["-at", "-pk"]
    fields = ["at", "actor_name", "address", "did", "path", "details", "status"]
    readonly_fields = ["did"]

    @display(description=_("action"), ordering="action")
    def did(self, entry: AuditEntry) -> str:
        return describe(entry.action)
