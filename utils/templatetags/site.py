"""The site's name and contact, for pages that are rendered without a context, too."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def site_name() -> str:
    """SITE_NAME, as `site_name` in the context of other pages."""
    return str(settings.SITE_NAME)


@register.simple_tag
def contact_link() -> SafeString | str:
    """A link to the contact email or web page; "" if unset."""
    contact = settings.SITE_CONTACT
    if not contact:
        return ""
    scheme = "" if contact.startswith(("https://", "http://")) else "mailto:"
    return format_html('<a href="{}{}">{}</a>', scheme, contact, contact)
