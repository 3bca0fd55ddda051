"""Names of the browsers that an account is used in."""

from __future__ import annotations

from django import template

from apps.users import services

register = template.Library()


@register.simple_tag
def browser(name: tuple[str, str]) -> str:
    """`name` is (browser, system), each empty where unknown."""
    return services.devices.label(name)
