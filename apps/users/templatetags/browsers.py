"""Names of the browsers that an account is used in."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.simple_tag
def browser(name: tuple[str, str]) -> str:
    """`name` is (browser, system), each empty where unknown."""
    program, system = name
    if program and system:
        return _("%(browser)s on %(system)s") % {"browser": program, "system": system}
    return program or _("Unknown browser")
