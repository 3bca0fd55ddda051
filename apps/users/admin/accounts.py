"""Admin for accounts: totals, permissions, and locking with a reason."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import ManyToManyField, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.users import services
from apps.users.admin.memberships import MembershipInline
from apps.users.forms import LockForm
from apps.users.models import User
from utils.admin import FormAdmin
from utils.admin_forms import SafeMultipleChoiceField

admin.site.unregister(Group)

VERBS = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("view")}


class PermissionsField(SafeMultipleChoiceField):
    """Permissions labelled in the active language; Django stores their names in English."""

    def label_from_instance(self, permission: Model) -> str:
        if not isinstance(permission, Permission):
            return str(permission)
        model = permission.content_type.model_class()
        verb = VERBS.get(permission.codename.split("_", maxsplit=1)[0])
        return f"{model._meta.verbose_name} · {verb}" if model and verb else permission.name


@admin.register(User)
class UserAdmin(DjangoUserAdmin, FormAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "nickname", "email", "phone", "is_staff", "open", "last_login", "date_joined"]
    list_filter = [
        "is_staff", "is_active", ("locked_at", admin.EmptyFieldListFilter), ("email", admin.EmptyFieldListFilter),
        ("phone", admin.EmptyFieldListFilter), ("date_joined", RangeDateFilter), ("last_login", RangeDateFilter),
    ]  # fmt: skip
    list_filter_submit = True
    list_before_template = "admin/users/user/summary.html"
    search_fields = ["username", "nickname", "email", "phone"]
    ordering = ["-date_joined"]
    readonly_fields = [
        "last_login", "date_joined", "locked_at", "locked_reason", "picture", "email_verified_at", "phone_verified_at",
    ]  # fmt: skip
    inlines = [MembershipInline]
    actions = ["lock", "unlock", "remove_second_factor"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (
            _("Personal info"),
            {
                "fields": [
                    ("nickname", "picture"), ("email", "email_verified_at"), ("phone", "phone_verified_at"), "language",
                ]
            },
        ),
        (_("Status"), {"fields": [("locked_at", "locked_reason"), ("last_login", "date_joined")]}),
        (_("Permissions"), {"fields": [("is_staff", "is_superuser"), "user_permissions"]}),
    ]  # fmt: skip

    def formfield_for_manytomany(self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user_permissions":
            managed = ContentType.objects.get_for_models(*admin.site._registry)
            kwargs["form_class"] = PermissionsField
            kwargs["queryset"] = Permission.objects.filter(content_type__in=managed.values())
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        rights = [] if _is_superuser(request) else ["is_staff", "is_superuser", "user_permissions"]
        return [*super().get_readonly_fields(request, obj), *rights]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and (_is_superuser(request) or not (obj and obj.is_staff))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # members delete their own accounts; administrators only lock them

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        now = timezone.now()
        overview = {
            "cards": services.statistics.totals(at=now),
            "chart": json.dumps(services.statistics.registrations_chart(at=now)),
        }
        return super().changelist_view(request, {**(extra_context or {}), **overview})

    @display(description=_("Not locked"), boolean=True)
    def open(self, user: User) -> bool:
        return not user.is_locked

    @display(description=_("avatar"))
    def picture(self, user: User) -> str:
        if not user.avatar_url:
            return "–"
        return format_html('<img src="{}" alt="" width="96" height="96">', user.avatar_url)

    @action(description=_("Lock"), permissions=["change"])
    def lock(self, request: HttpRequest, users: QuerySet[User]) -> HttpResponse | None:
        """Ask for a reason, then lock. Administrators can't lock themselves; only superusers can lock staff."""
        form = LockForm(request.POST if "reason" in request.POST else None)
        by = request.user
        if not isinstance(by, User):
            return None
        if not form.is_valid():
            context = {
                **self.admin_site.each_context(request), "title": gettext("Lock accounts"), "form": form,
                "opts": self.model._meta, "chosen": users, "action_checkbox_name": ACTION_CHECKBOX_NAME,
                "select_across": request.POST.get("select_across", "0"),
            }  # fmt: skip
            return TemplateResponse(request, "admin/users/user/lock.html", context)
        reason = form.cleaned_data["reason"]
        chosen = users if by.is_superuser else users.filter(is_staff=False)
        done = services.locks.lock(users=chosen.values_list("pk", flat=True), by=by, reason=reason, at=timezone.now())
        for user in done:
            self.log_change(request, user, f"locked: {reason}")
        count = len(done)
        self.message_user(request, ngettext("%d account locked.", "%d accounts locked.", count) % count)
        return None

    @action(description=_("Unlock"), permissions=["change"])
    def unlock(self, request: HttpRequest, users: QuerySet[User]) -> None:
        chosen = users if _is_superuser(request) else users.filter(is_staff=False)
        done = services.locks.unlock(users=chosen.values_list("pk", flat=True))
        for user in done:
            self.log_change(request, user, "unlocked")
        count = len(done)
        self.message_user(request, ngettext("%d account unlocked.", "%d accounts unlocked.", count) % count)

    @action(description=_("Turn off two-step verification (lost phone)"), permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, users: QuerySet[User]) -> None:
        chosen = users if _is_superuser(request) else users.filter(is_staff=False)
        for user in chosen.exclude(second_factor=None):
            services.second_factor.turn_off(user=user)
            self.log_change(request, user, "two-step sign-in turned off")
        self.message_user(request, gettext("Two-step verification is off for the selected accounts."))


def _is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser
