"""The look and the menu of the administration (django-unfold)."""

from django.utils.translation import gettext_lazy as _

UNFOLD = {
    "SITE_TITLE": "Streamsite",
    "SITE_HEADER": "Streamsite",
    "SITE_SUBHEADER": _("Administration"),
    "SITE_URL": "/",
    "SITE_SYMBOL": "movie",
    "SHOW_HISTORY": True,
    "THEME": None,
}
