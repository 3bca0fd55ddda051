"""Granting and revoking memberships: administrators enter days and a reason, never start and end dates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from apps.users import services
from apps.users.models import Membership
from utils.admin import FormAdmin, ReadOnlyInline
from utils.admin_forms import AdminModelForm

MOST = 3660  # days in one grant
MOST_STREAMS = 100


class GiveForm(AdminModelForm):
    """Grants days of membership, with a reason."""

    days = forms.IntegerField(
        label=_("days"), min_value=1, max_value=MOST, widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Starts now, or when the user's current membership ends."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("reason"), max_length=200, widget=UnfoldAdminTextInputWidget, help_text=_("Recorded in the audit log.")
    )

    streams = forms.IntegerField(
        label=_("simultaneous streams"), min_value=1, max_value=MOST_STREAMS, required=False,
        widget=UnfoldAdminIntegerFieldWidget, initial=lambda: settings.STREAMS_AT_ONCE,
        help_text=_("Devices on which one account can watch VIP and purchased titles at the same time."),
    )  # fmt: skip

    class Meta:
        model = Membership
        fields = ["user", "days", "streams", "reason"]


class MembershipInline(ReadOnlyInline):
    model = Membership
    fields = ["starts_at", "ends_at", "streams", "reason", "created_at"]
    readonly_fields = fields
    ordering = ["-starts_at"]


@admin.register(Membership)
class MembershipAdmin(FormAdmin):
    list_display = ["user", "starts_at", "ends_at", "running", "streams", "reason", "created_at"]
    list_filter = [("ends_at", RangeDateFilter), ("created_at", RangeDateFilter)]
    list_filter_submit = True
    list_select_related = ["user"]
    ordering = ["-created_at", "-pk"]
    search_fields = ["user__username", "user__nickname", "user__email", "user__phone", "reason"]
    autocomplete_fields = ["user"]
    fields = ["user", "starts_at", "ends_at", "streams", "reason", "created_at"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **(kwargs if change else {**kwargs, "form": GiveForm}))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else GiveForm.Meta.fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("active"), boolean=True)
    def running(self, period: Membership) -> bool:
        return period.starts_at <= timezone.now() < period.ends_at

    def save_model(self, request: HttpRequest, period: Membership, form: Any, change: bool) -> None:
        given = services.extend_membership(
            user=period.user, days=form.cleaned_data["days"], at=timezone.now(), reason=form.cleaned_data["reason"],
            streams=form.cleaned_data["streams"],
        )  # fmt: skip
        # Django uses this object for its log entry and message
        period.pk, period.starts_at, period.ends_at = given.pk, given.starts_at, given.ends_at

    def delete_model(self, request: HttpRequest, period: Membership) -> None:
        """Revoke the remaining time; consecutive periods move forward."""
        services.take_back_membership(membership=period, at=timezone.now())

    def delete_queryset(self, request: HttpRequest, periods: QuerySet[Membership]) -> None:
        for period in periods.order_by("starts_at"):
            self.delete_model(request, period)
