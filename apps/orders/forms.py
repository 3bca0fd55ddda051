"""What a buyer sends."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.movies.models import Movie
from apps.orders.models import Plan

WALLET, ALIPAY = "wallet", "alipay"


class BuyForm(forms.Form):
    """One of a plan, a title and an amount for the wallet."""

    plan = forms.ModelChoiceField(Plan.objects.on_sale(), required=False)
    movie = forms.ModelChoiceField(Movie.objects.published(), required=False)
    amount = forms.DecimalField(required=False, max_digits=8, decimal_places=2)
    coupon = forms.CharField(required=False, max_length=32)
    method = forms.ChoiceField(required=False, choices=[(ALIPAY, ALIPAY), (WALLET, WALLET)])

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if sum(found.get(name) is not None for name in ("plan", "movie", "amount")) != 1:
            raise forms.ValidationError(_("Choose what to buy."))
        return found


class CouponForm(forms.Form):
    coupon = forms.CharField(required=False, max_length=32)
