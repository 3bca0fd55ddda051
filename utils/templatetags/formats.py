"""Localized formats for counts, durations and money."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

register = template.Library()


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


@register.filter
def count_cn(value: int | None) -> str:
    """12345 → 1.2万 in Chinese, 12.3K in English."""
    number = int(value or 0)
    if (get_language() or "").startswith("zh"):
        steps = ((100_000_000, "亿"), (10_000, "万"))
    else:
        steps = ((1_000_000, "M"), (1_000, "K"))
    for step, unit in steps:
        if number >= step:
            return f"{_short(number // (step // 10) / 10)}{unit}"
    return str(number)


@register.filter
def local(row: Any, field: str) -> str:
    """`row.field`, or `row.field_en` on English pages if it isn't empty."""
    english = (get_language() or "").startswith("en") and getattr(row, f"{field}_en")
    return str(english or getattr(row, field))


@register.filter
def local_name(row: Any) -> str:
    """`name` or `name_en` of a row, by the active language."""
    return local(row, "name")


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds as 6:05 or 1:52:30."""
    whole = max(0, round(seconds or 0))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span(seconds: float) -> str:
    """A duration in words: 40 s, 12 min, 3 h 5 min."""
    if seconds < 60:
        return _("{n} s").format(n=max(1, round(seconds)))
    hours, minutes = divmod(round(seconds / 60), 60)
    return _("{n} h {m} min").format(n=hours, m=minutes) if hours else _("{n} min").format(n=minutes)


@register.filter
def ago(moment: datetime) -> str:
    """Relative time in one unit, up to "30 days ago"; then the date."""
    seconds = int((timezone.now() - moment).total_seconds())
    if seconds < 60:
        return _("just now")
    if (minutes := seconds // 60) < 60:
        return ngettext("%d minute ago", "%d minutes ago", minutes) % minutes
    if (hours := minutes // 60) < 24:
        return ngettext("%d hour ago", "%d hours ago", hours) % hours
    if (days := hours // 24) <= 30:
        return ngettext("%d day ago", "%d days ago", days) % days
    return date_format(timezone.localtime(moment))


@register.filter
def iso_duration(seconds: float | None) -> str:
    """Seconds as an ISO 8601 duration: PT6M5S."""
    minutes, rest = divmod(max(0, round(seconds or 0)), 60)
    return f"PT{minutes}M{rest}S"


@register.filter
def yuan(amount: Decimal) -> str:
    """An amount in yuan: ¥25.00, −¥5.00."""
    exact = Decimal(amount)
    return f"{'−' if exact < 0 else ''}¥{abs(exact):,.2f}"


@register.filter
def signed_yuan(amount: Decimal) -> str:
    """A signed amount in yuan: +¥25.00, −¥5.00."""
    return f"{'' if amount < 0 else '+'}{yuan(amount)}"


@register.filter
def saving(price: Decimal, dearest: Decimal) -> int:
    """The saving over `dearest`, in whole percent."""
    return int((dearest - price) * 100 / dearest)
