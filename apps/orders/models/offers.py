"""VIP plans, and coupons that lower their price."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from utils.money import MoneyField
from utils.periods import check_order
from utils.plain_text import clean_line

LOWEST = Decimal("0.01")  # yuan, Alipay's minimum
LONGEST_CODE = 32


class PlanQuerySet(models.QuerySet["Plan"]):
    def on_sale(self) -> PlanQuerySet:
        """Plans that can be bought, in display order."""
        return self.filter(on_sale=True)


class Plan(models.Model):
    """A number of days of membership, with a number of simultaneous streams, at a price."""

    name = models.CharField(_("name"), max_length=40)
    name_en = models.CharField(_("English name"), max_length=40, blank=True)
    price = MoneyField(_("price"), validators=[MinValueValidator(LOWEST)], help_text=_("In yuan."))
    days = models.PositiveSmallIntegerField(_("days"), validators=[MinValueValidator(1)])
    streams = models.PositiveSmallIntegerField(
        _("simultaneous streams"), default=2, validators=[MinValueValidator(1)],
        help_text=_("Devices on which one account can watch VIP and purchased titles at the same time."),
    )  # fmt: skip
    marked = models.BooleanField(_("recommended"), default=False)
    on_sale = models.BooleanField(_("on sale"), default=True)
    order = models.PositiveSmallIntegerField(_("sort order"), default=0)

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=LOWEST), name="plan_price_positive"),
            models.CheckConstraint(condition=Q(days__gt=0), name="plan_days_positive"),
            models.CheckConstraint(condition=Q(streams__gt=0), name="plan_streams_positive"),
        ]

    def __str__(self) -> str:
        return self.name


class CouponQuerySet(models.QuerySet["Coupon"]):
    def with_code(self, typed: str) -> CouponQuerySet:
        """The coupon with this code, normalised or as it was stored before codes were normalised."""
        return self.filter(code__in={plain_code(typed), typed.strip().upper()[:LONGEST_CODE]})


class Coupon(models.Model):
    """A code that lowers the price of plans, in `[starts_at, ends_at)`."""

    class Kind(models.TextChoices):
        """The unit of `value`."""

        PERCENT = "percent", _("percent off")
        AMOUNT = "amount", _("amount off")

    code = models.CharField(
        _("code"), max_length=LONGEST_CODE, unique=True, help_text=_("Letters and digits, case-insensitive.")
    )
    kind = models.CharField(_("type"), max_length=7, choices=Kind)
    value = MoneyField(_("value"), help_text=_("Percent or yuan."))
    plans = models.ManyToManyField(Plan, blank=True, verbose_name=_("plans"), help_text=_("Leave empty for all plans."))
    limit = models.PositiveIntegerField(
        _("redemption limit"), null=True, blank=True, help_text=_("Leave empty for no limit.")
    )
    limit_per_user = models.PositiveIntegerField(_("limit per user"), default=1)
    starts_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("to"), null=True, blank=True)

    objects = CouponQuerySet.as_manager()

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(value__gt=0), name="coupon_value_positive"),
            models.CheckConstraint(condition=~Q(kind="percent") | Q(value__lte=100), name="coupon_percent_at_most_all"),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        check_order(starts_at=self.starts_at, ends_at=self.ends_at)
        self.code = plain_code(self.code)
        if self.value is not None and self.value < LOWEST:
            raise ValidationError({"value": _("Enter a value greater than 0.")})
        if self.kind == self.Kind.PERCENT and self.value is not None and self.value > 100:
            raise ValidationError({"value": _("The discount can't exceed 100 percent.")})

    def runs(self, at: datetime) -> bool:
        """Whether the code is valid at that moment."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


def plain_code(typed: str) -> str:
    """Normalise a code for storage: half-width, upper case, without invisible characters."""
    return clean_line(unicodedata.normalize("NFKC", typed)).upper()[:LONGEST_CODE]
