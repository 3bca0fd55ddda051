"""Addresses of searches."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from apps.search import services
from apps.search.addresses import results_address

register = template.Library()


@register.simple_tag
def results_url(text: str) -> str:
    """The address of the results for a text."""
    return results_address(text)


@register.filter
def marks(parts: Iterable[services.Part]) -> SafeString:
    """A text with its hits in <mark>."""
    made = (f"<mark>{escape(part.text)}</mark>" if part.hit else escape(part.text) for part in parts)
    return mark_safe("".join(made))  # noqa: S308  (each piece is escaped)
