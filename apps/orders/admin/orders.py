"""Administration of orders: search, refunds, CSV export and revenue."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter
from unfold.decorators import action, display

from apps.orders import services
from apps.orders.admin.drawing import bars, options
from apps.orders.admin.export import csv_of
from apps.orders.forms import RefundForm, RevenueForm
from apps.orders.models import Notification, Order, OrderState, Payment, Refund
from apps.users.models import User
from utils.admin import ReadOnlyAdmin, ReadOnlyInline
from utils.templatetags.formats import yuan

STATE_LABELS = {
    OrderState.PENDING.label: "info", OrderState.PAID.label: "warning", OrderState.FULFILLED.label: "success",
    OrderState.CLOSED.label: "default", OrderState.REFUNDED.label: "danger",
}  # fmt: skip


class PaymentInline(ReadOnlyInline):
    model = Payment
    ordering = ["pk"]
    fields = ["trade_no", "gateway", "app_id", "amount", "refunded", "flag", "buyer", "paid_at"]


class NotificationInline(ReadOnlyInline):
    model = Notification
    ordering = ["-pk"]
    fields = ["received_at", "verdict", "address"]


class UnclaimedFilter(admin.SimpleListFilter):
    """Orders with unclaimed payments that await a refund."""

    title = _("unclaimed payments awaiting refund")
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("yes"))]

    def queryset(self, request: HttpRequest, orders: QuerySet[Order]) -> QuerySet[Order]:
        if self.value() != "1":
            return orders
        return orders.filter(Exists(Payment.objects.unclaimed().filter(order=OuterRef("pk"))))


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ["number", "user", "subject", "kind", "costs", "state_label", "created_at", "paid_at"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("plan", RelatedDropdownFilter),
        ("created_at", RangeDateFilter),
        UnclaimedFilter,
    ]
    list_filter_submit = True
    list_select_related = ["user"]
    ordering = ["-created_at", "-pk"]
    search_fields = [
        "number", "user__username", "user__email", "user__phone", "subject", "payments__trade_no",
    ]  # fmt: skip
    inlines = [PaymentInline, NotificationInline]
    actions = ["export"]
    actions_list = ["revenue", "export_all"]
    actions_detail = ["refund"]
    change_form_outer_before_template = "admin/orders/check_status.html"
    fieldsets = [
        (None, {"fields": [("number", "state_label"), ("user", "subject"), ("list_price", "discount", "amount")]}),
        (_("Fulfilment"), {"fields": [("kind", "plan", "days"), ("movie", "membership", "coupon")]}),
        (_("Timeline"), {"fields": [("created_at", "expires_at"), ("sent_at", "queried_at", "requested_action"),
                                    ("gateway", "app_id"), ("paid_at", "closed_at", "refunded_at")]}),
    ]  # fmt: skip

    @display(description=_("amount"), ordering="amount")
    def costs(self, order: Order) -> str:
        return yuan(order.amount)

    @display(description=_("state"), label=STATE_LABELS, ordering="state")
    def state_label(self, order: Order) -> str:
        return str(OrderState(order.state).label)

    def get_fieldsets(self, request: HttpRequest, obj: Order | None = None) -> Any:
        return self.fieldsets

    def has_revenue_permission(self, request: HttpRequest) -> bool:
        """Whether the user may see totals of all payments: requires viewing orders and payments."""
        return self.has_view_permission(request) and request.user.has_perm("orders.view_payment")

    def has_refund_permission(self, request: HttpRequest, _object_id: str = "") -> bool:
        return self.has_view_permission(request) and request.user.has_perm("orders.add_refund")

    def has_check_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("orders.change_order")

    has_export_permission = has_revenue_permission  # the file contains payments as well

    # --- Export -----------------------------------------------------------------------------------

    @action(description=_("Export as CSV"), permissions=["export"])
    def export(self, request: HttpRequest, orders: QuerySet[Order]) -> StreamingHttpResponse:
        return csv_of(orders)

    @action(description=_("Export all as CSV"), url_path="export", icon="download", permissions=["export"])
    def export_all(self, request: HttpRequest) -> HttpResponseBase:
        """Export every order that matches the list's current search and filters."""
        try:
            orders: QuerySet[Order] = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:  # the list redirects in this case too
            return redirect("admin:orders_order_changelist")
        return csv_of(orders)

    # --- Refund -----------------------------------------------------------------------------------

    @action(description=_("Refund"), url_path="refund", icon="currency_exchange", permissions=["refund"])
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Refund a payment in full or in part, with a reason."""
        if not isinstance(request.user, User):
            raise PermissionDenied
        order = self._found(request, object_id)
        form = RefundForm(request.POST or None, order=order)
        if request.method == "POST" and form.is_valid():
            try:
                row = services.refund(**form.cleaned_data, by=request.user, at=timezone.now())
            except services.UnableToRefund as refused:
                form.add_error(None, str(refused))
            else:
                self._send(request, order, row)
                return redirect("admin:orders_order_refund", order.pk)
        refunds = Refund.objects.filter(payment__order=order).select_related("by").order_by("pk")
        context = {
            **self.admin_site.each_context(request), "title": gettext("Refund"), "order": order, "form": form,
            "opts": self.opts, "refunds": refunds, "payments": list(form.payments),
        }  # fmt: skip
        return TemplateResponse(request, "admin/orders/refund.html", context, status=400 if form.errors else 200)

    def _found(self, request: HttpRequest, object_id: str) -> Order:
        order: Order | None = self.get_object(request, object_id)
        if order is None:
            raise Http404
        return order

    def _send(self, request: HttpRequest, order: Order, row: Refund) -> None:
        self.log_change(request, order, f"refund {row.number}: {yuan(row.amount)} {row.reason}")
        services.execute_refund_soon(refund=row)
        if row.state == Refund.State.DONE:
            self.message_user(request, gettext("%s was refunded.") % yuan(row.amount), messages.SUCCESS)
        else:
            text = gettext(
                "A refund of %s was submitted to the payment gateway. It is retried every minute until it is confirmed."
            )
            self.message_user(request, text % yuan(row.amount), messages.INFO)

    def check_status(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Enqueue a query to the gateway; reloading the order's page then shows the result."""
        if not self.has_check_permission(request):
            raise PermissionDenied
        order = self._found(request, object_id)
        if services.query_soon(order=order, at=timezone.now()):
            text = gettext("Checking with the payment gateway. Reload this page in a moment.")
            self.message_user(request, text, messages.INFO)
        else:
            self.message_user(
                request, gettext("The payment gateway can't be reached. We'll keep checking."), messages.WARNING
            )
        return redirect("admin:orders_order_change", order.pk)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.check_status))
        return [path("<path:object_id>/check-status/", view, name="orders_order_check_status"), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        order = context["original"]
        context["may_check"] = order.sent_at and self.has_check_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Revenue ----------------------------------------------------------------------------------

    @action(description=_("Revenue"), url_path="revenue", icon="monitoring", permissions=["revenue"])
    def revenue(self, request: HttpRequest) -> HttpResponse:
        """Charts by day, plan and title."""
        today = timezone.localdate()
        form = RevenueForm(request.GET or {"first": today - timedelta(days=29), "last": today})
        report = services.revenue(**form.cleaned_data) if form.is_valid() else None
        spans = [(days, f"?first={today - timedelta(days=days - 1)}&last={today}") for days in (7, 30, 90, 365)]
        context = {
            **self.admin_site.each_context(request), "title": gettext("Revenue"), "opts": self.opts, "form": form,
            "report": report, "charts": report and charts(report), "figures": report and figures(report),
            "spans": spans, "orders_url": reverse("admin:orders_order_changelist") + "?waiting=1",
        }  # fmt: skip
        return TemplateResponse(request, "admin/orders/revenue.html", context, status=200 if report else 400)


def figures(report: services.Revenue) -> list[tuple[str, Decimal, str]]:
    """Headline figures: name, yuan, explanation."""
    return [
        (gettext("Sales"), report.sales, gettext("Plans and titles, all payment methods")),
        (gettext("Top-ups"), report.top_ups, gettext("Prepaid; counted as sales when spent")),
        (gettext("Refunds"), report.back, gettext("To buyers' payment accounts and wallets")),
        (gettext("Received"), report.received, gettext("Through the gateway, net of refunds")),
    ]


def charts(report: services.Revenue) -> dict[str, str]:
    """Chart.js data and options, as JSON."""
    days = [f"{day.day:%m-%d}" for day in report.days]
    return {
        "vertical": options(),
        "horizontal": options(horizontal=True),
        "days": bars(
            days,
            [
                (gettext("VIP"), [day.came["plan"] for day in report.days], "gold"),
                (gettext("Titles"), [day.came["title"] for day in report.days], "accent"),
                (gettext("Top-ups"), [day.came["top_up"] for day in report.days], "calm"),
                (gettext("Refunds"), [-day.back for day in report.days], "loss"),
            ],
        ),
        "plans": bars([row.name for row in report.plans], [(gettext("Sales"), [r.came for r in report.plans], "gold")]),
        "titles": bars(
            [row.name for row in report.titles], [(gettext("Sales"), [r.came for r in report.titles], "accent")]
        ),
    }
