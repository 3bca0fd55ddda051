"""Forms for buyers and administrators."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.movies.models import Audience, Movie
from apps.orders.models import Order, Payment, Plan
from apps.orders.models.offers import LOWEST
from utils.templatetags.formats import yuan

WALLET, ALIPAY = "wallet", "alipay"
LONGEST_SPAN = timedelta(days=731)  # longest range of a revenue report


class BuyForm(forms.Form):
    """A purchase of exactly one of: a plan, a title, a wallet top-up."""

    plan = forms.ModelChoiceField(Plan.objects.on_sale(), required=False)
    movie = forms.ModelChoiceField(Movie.objects.none(), required=False)
    amount = forms.DecimalField(required=False, max_digits=8, decimal_places=2)
    coupon = forms.CharField(required=False, max_length=32)
    method = forms.ChoiceField(required=False, choices=[(ALIPAY, ALIPAY), (WALLET, WALLET)])

    def __init__(self, *args: Any, audience: Audience, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.audience = audience
        self.fields["movie"].queryset = Movie.objects.listed(audience)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if sum(found.get(name) is not None for name in ("plan", "movie", "amount")) != 1:
            raise forms.ValidationError(_("Choose what to buy."))
        return found


class CouponForm(forms.Form):
    """A coupon code from the query string or a form."""

    coupon = forms.CharField(required=False, max_length=32)


class PaymentField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """A payment, labelled by gateway, transaction ID and refundable amount."""

    def label_from_instance(self, payment: Payment) -> str:
        left = _("%(left)s of %(amount)s refundable") % {
            "left": yuan(payment.amount - payment.refunded),
            "amount": yuan(payment.amount),
        }
        why = f" · {payment.get_flag_display()}" if payment.flag else ""
        return f"{payment.gateway} {payment.trade_no} · {left}{why}"


class RefundForm(forms.Form):
    """Which payment of the order to refund, how much, and why."""

    payment = PaymentField(Payment.objects.none(), label=_("payment"), empty_label=None, widget=UnfoldAdminSelectWidget)
    amount = forms.DecimalField(
        label=_("amount"), min_value=LOWEST, max_digits=12, decimal_places=2, widget=UnfoldAdminTextInputWidget,
        help_text=_("In yuan. After a partial refund the buyer keeps the purchase; a full refund revokes it."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("reason"), max_length=200, widget=UnfoldAdminTextInputWidget, help_text=_("Visible to the buyer.")
    )

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.payments = order.payments.filter(refunded__lt=F("amount")).order_by("flag", "pk")
        self.fields["payment"].queryset = self.payments  # type: ignore[attr-defined]
        if first := self.payments.first():
            self.fields["amount"].initial = first.amount - first.refunded


class RevenueForm(forms.Form):
    """A range of days, both inclusive."""

    first = forms.DateField(label=_("from"), widget=forms.DateInput({"type": "date"}))
    last = forms.DateField(label=_("to"), widget=forms.DateInput({"type": "date"}))

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if first and last and not timedelta(0) <= last - first < LONGEST_SPAN:
            raise forms.ValidationError(
                _("Choose a range of up to two years, with the start date on or before the end date.")
            )
        return found
