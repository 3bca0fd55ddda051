"""Dates of which the month or the day may be unknown."""

from __future__ import annotations

from datetime import date

from django import template
from django.utils.formats import date_format

register = template.Library()


@register.filter
def partial_date(text: str) -> str:
    """1962-05-04, 1962-05 or 1962 (ISO 8601) in the words of the active language; anything else as it is."""
    numbers = text.split("-")
    try:
        year, month, day_number = (int(number) for number in (*numbers, "1", "1")[:3])
        day = date(year, month, day_number)
    except ValueError:
        return text
    if len(numbers) == 3:
        return date_format(day)
    return date_format(day, "YEAR_MONTH_FORMAT") if len(numbers) == 2 else str(day.year)
