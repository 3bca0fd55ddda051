"""Read-only administration of payments, refunds and gateway notifications."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display

from apps.orders.models import Notification, Payment, Refund
from utils.admin import ReadOnlyAdmin
from utils.templatetags.formats import yuan


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ["trade_no", "gateway", "app_id", "order", "sum", "back", "why", "buyer", "paid_at"]
    list_filter = ["gateway", "app_id", ("flag", ChoicesDropdownFilter), ("paid_at", RangeDateFilter)]
    list_filter_submit = True
    list_select_related = ["order"]
    search_fields = ["trade_no", "order__number", "buyer"]

    @display(description=_("amount"), ordering="amount")
    def sum(self, payment: Payment) -> str:
        return yuan(payment.amount)

    @display(description=_("refunded"), ordering="refunded")
    def back(self, payment: Payment) -> str:
        return yuan(payment.refunded) if payment.refunded else "–"

    @display(description=_("reason for refund"), label="warning")
    def why(self, payment: Payment) -> str:
        return str(payment.get_flag_display()) if payment.flag else ""


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ["number", "order", "sum", "state_label", "reason", "shortfall", "by", "created_at", "done_at"]
    list_filter = [("state", ChoicesDropdownFilter), ("created_at", RangeDateFilter)]
    list_filter_submit = True
    list_select_related = ["payment__order", "by"]
    search_fields = ["number", "payment__trade_no", "payment__order__number", "reason"]

    @display(description=_("order"))
    def order(self, refund: Refund) -> str:
        return refund.payment.order.number

    @display(description=_("amount"), ordering="amount")
    def sum(self, refund: Refund) -> str:
        return yuan(refund.amount)

    @display(
        description=_("state"),
        label={
            Refund.State.REQUESTED.label: "warning",
            Refund.State.DONE.label: "success",
            Refund.State.FAILED.label: "danger",
        },
    )
    def state_label(self, refund: Refund) -> str:
        return str(Refund.State(refund.state).label)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "verdict", "order", "gateway", "address"]
    list_filter = [("verdict", ChoicesDropdownFilter), ("received_at", RangeDateFilter)]
    list_filter_submit = True
    list_select_related = ["order"]
    search_fields = ["order__number", "body"]
