from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from utils.pictures import FORMATS, url

register = template.Library()
TYPES = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}


@register.simple_tag
def picture(found: dict[str, Any], alt: str, sizes: str = "100vw", eager: bool = False) -> SafeString:
    """A <picture> in all widths and formats; a tile with the words of `alt` where there is none yet."""
    if not found:
        return format_html('<span class="picture picture--none" aria-hidden="true"><span>{}</span></span>', alt)
    widths = found["widths"]

    def srcset(suffix: str) -> str:
        return ", ".join(f"{url(found, width, suffix)} {width}w" for width in widths)  # type: ignore[arg-type]

    sources = format_html_join(
        "",
        '<source type="{}" srcset="{}" sizes="{}">',
        ((TYPES[suffix], srcset(suffix), sizes) for suffix in FORMATS[:-1]),
    )
    middle = widths[len(widths) // 2]
    return format_html(
        '<picture class="picture" style="--color:{}">{}<img src="{}" srcset="{}" sizes="{}" width="{}" height="{}" '
        'alt="{}" decoding="async" {}></picture>',
        found["color"],
        sources,
        url(found, middle, "jpg"),  # type: ignore[arg-type]
        srcset("jpg"),
        sizes,
        middle,
        round(middle / found["ratio"]),
        alt,
        SafeString('loading="eager" fetchpriority="high"') if eager else SafeString('loading="lazy"'),
    )
