"""Administration of plans and coupons."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.orders.models import Coupon, OrderState, Plan
from utils.admin import FormAdmin, PublicModelAdmin
from utils.templatetags.formats import yuan


@admin.register(Plan)
class PlanAdmin(PublicModelAdmin):
    list_display = ["name", "costs", "days", "streams", "marked", "on_sale", "order"]
    list_editable = ["marked", "on_sale", "order"]
    search_fields = ["name", "name_en"]

    @display(description=_("price"), ordering="price")
    def costs(self, plan: Plan) -> str:
        return yuan(plan.price)

    def has_delete_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        # a plan with orders is taken off sale instead
        return super().has_delete_permission(request, obj) and (obj is None or not obj.orders.exists())


@admin.register(Coupon)
class CouponAdmin(FormAdmin):
    list_display = ["code", "takes_off", "uses", "limit", "limit_per_user", "starts_at", "ends_at"]
    list_filter = ["kind"]
    search_fields = ["code"]
    autocomplete_fields = ["plans"]
    fields = ["code", ("kind", "value"), "plans", ("limit", "limit_per_user"), ("starts_at", "ends_at")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Coupon]:
        rows: QuerySet[Coupon] = super().get_queryset(request)
        return rows.annotate(uses=Count("orders", filter=~Q(orders__state=OrderState.CLOSED)))

    @display(description=_("discount"))
    def takes_off(self, coupon: Coupon) -> str:
        return f"{coupon.value.normalize():f} %" if coupon.kind == Coupon.Kind.PERCENT else yuan(coupon.value)

    @display(description=_("redemptions"), ordering="uses")
    def uses(self, coupon: Coupon) -> int:
        return int(coupon.uses)  # type: ignore[attr-defined]  # annotated above

    def has_delete_permission(self, request: HttpRequest, obj: Coupon | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not obj.orders.exists())
