"""Addresses of pages in each language."""

from __future__ import annotations

from django import template
from django.conf import settings

from utils.page_languages import in_language

register = template.Library()


@register.filter
def in_any_language(address: str) -> str:
    """The address without the language that it may name."""
    return in_language(address, settings.LANGUAGE_CODE)
