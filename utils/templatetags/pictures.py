"""Responsive pictures."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from utils.pictures import FORMATS, address

register = template.Library()


@register.simple_tag
def picture(found: dict[str, Any], alt: str, sizes: str = "100vw", eager: bool = False) -> SafeString:
    """A <picture> with all widths and formats; a text tile with `alt` if there is no picture."""
    if not found:
        return format_html('<span class="picture picture--none" aria-hidden="true"><span>{}</span></span>', alt)
    widths, base = found["widths"], address(found)
    sets = {suffix: ", ".join(f"{base}-{width}.{suffix} {width}w" for width in widths) for suffix in FORMATS}
    middle = widths[len(widths) // 2]
    return format_html(
        '<picture class="picture" style="--color:{}">'
        '<source type="image/avif" srcset="{}" sizes="{}">'
        '<img src="{}" srcset="{}" sizes="{}" width="{}" height="{}" '
        'alt="{}" decoding="async" {}></picture>',
        found["color"],
        sets["avif"],
        sizes,
        f"{base}-{middle}.jpg",
        sets["jpg"],
        sizes,
        middle,
        round(middle / found["ratio"]),
        alt,
        SafeString('loading="eager" fetchpriority="high"') if eager else SafeString('loading="lazy"'),
    )
