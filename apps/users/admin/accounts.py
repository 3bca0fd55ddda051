from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import ManyToManyField, Model, QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.users.models import Membership, User

admin.site.unregister(Group)

VERBS = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("view")}


class PermissionsField(ModelMultipleChoiceField):
    """Permissions in the active language: Django keeps their names in the database, in English."""

    def label_from_instance(self, permission: Model) -> str:
        if not isinstance(permission, Permission):
            return str(permission)
        model = permission.content_type.model_class()
        verb = VERBS.get(permission.codename.split("_", maxsplit=1)[0])
        return f"{model._meta.verbose_name} · {verb}" if model and verb else permission.name


class MembershipInline(TabularInline):
    model = Membership
    extra = 0
    tab = True


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "nickname", "email", "phone", "is_staff", "open", "date_joined"]
    list_filter = ["is_staff", ("locked_at", admin.EmptyFieldListFilter), "date_joined"]
    search_fields = ["username", "nickname", "email", "phone"]
    ordering = ["-date_joined"]
    readonly_fields = ["last_login", "date_joined", "locked_at"]
    inlines = [MembershipInline]
    actions = ["lock", "unlock"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": [("nickname", "avatar"), ("email", "phone"), "language"]}),
        (_("State"), {"fields": [("locked_at", "locked_reason"), ("last_login", "date_joined")]}),
        (_("Rights"), {"fields": [("is_staff", "is_superuser"), "user_permissions"]}),
    ]

    def formfield_for_manytomany(self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user_permissions":
            managed = ContentType.objects.get_for_models(*admin.site._registry)
            kwargs["form_class"] = PermissionsField
            kwargs["queryset"] = Permission.objects.filter(content_type__in=managed.values())
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @display(description=_("not locked"), boolean=True)
    def open(self, user: User) -> bool:
        return not user.is_locked

    @action(description=_("Lock"))
    def lock(self, request: HttpRequest, users: QuerySet[User]) -> None:
        # an administrator who locks their own account could not undo it
        count = (
            users.exclude(username=request.user.get_username()).filter(locked_at=None).update(locked_at=timezone.now())
        )
        self.message_user(request, gettext("%d accounts locked.") % count)

    @action(description=_("Unlock"))
    def unlock(self, request: HttpRequest, users: QuerySet[User]) -> None:
        count = users.exclude(locked_at=None).update(locked_at=None, locked_reason="")
        self.message_user(request, gettext("%d accounts unlocked.") % count)


@admin.register(Membership)
class MembershipAdmin(ModelAdmin):
    list_display = ["user", "starts_at", "ends_at", "reason"]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__nickname", "reason"]
    autocomplete_fields = ["user"]
