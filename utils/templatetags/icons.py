"""Icons from the SVG sprite."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon, hidden from assistive technology; label it with text or on its button."""
    return _icon(name, getattr(staticfiles_storage, "manifest_hash", ""))


@lru_cache(maxsize=256)
def _icon(name: str, _release: str) -> SafeString:
    """Made once: a page has a hundred icons, and the address of the sprite costs more than the rest of each."""
    return format_html(
        '<svg class="icon" width="20" height="20" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("icons.svg"),
        name,
    )
