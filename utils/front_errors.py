"""Pages for the errors that nginx meets by itself, as files in each language of the site.

They name style sheets of the current release: written again by each `manage.py nginx_config`.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

PAGES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        _("That's too large"),
        _("Nothing was saved. Choose a smaller file or sign in first."),
    ),
    HTTPStatus.REQUEST_URI_TOO_LONG: (
        _("This address is too long"),
        _("Check the address, or start from the home page."),
    ),
    HTTPStatus.TOO_MANY_REQUESTS: (
        _("Too many requests"),
        _("Your network has sent too many requests. Wait a few seconds, then reload the page."),
    ),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        _("Your browser sent too much data"),
        _("Clear this site's cookies in your browser, then reload the page."),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        _("We'll be right back"),
        _("The site is temporarily unavailable. Please try again in a moment."),
    ),
}


def write(folder: Path) -> None:
    """Write `<language>/<status>.html` below the folder, each file atomically. Raises OSError."""
    for code, _name in settings.LANGUAGES:
        (folder / code).mkdir(parents=True, exist_ok=True)
        with override(code):
            for status, (title, text) in PAGES.items():
                page = render_to_string("front_error.html", {"status": status, "title": title, "text": text})
                fresh = folder / code / f".{status}.html"
                fresh.write_text(page)
                fresh.replace(folder / code / f"{status}.html")
