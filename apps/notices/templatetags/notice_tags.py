"""Template tags that show notices on other apps' pages."""

from __future__ import annotations

from django import template
from django.utils import timezone

from apps.notices.models import Notice

register = template.Library()


@register.inclusion_tag("parts/notices_strip.html")
def notices_strip() -> dict[str, Notice | None]:
    """The newest notice, if any."""
    return {"notice": Notice.objects.shown(timezone.now()).first()}
