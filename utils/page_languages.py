"""The address of a page in each language: the plain one in the default language, `?hl=en` in English.

The plain address also serves the language that the browser asks for; `hl` is for clients without a preference, such as
search engines, and for links.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest

PARAMETER = "hl"


def page_languages() -> dict[str, str]:
    """Django's language codes by the value of `hl`, which is also that of `hreflang`; the default language first."""
    codes = sorted((code for code, _ in settings.LANGUAGES), key=lambda code: code != settings.LANGUAGE_CODE)
    return {code.partition("-")[0]: code for code in codes}


def language_in(request: HttpRequest) -> str:
    """The language code that the request's address names; "" if it names none, or none that the site has."""
    if f"{PARAMETER}=" not in request.META.get("QUERY_STRING", ""):  # nearly all requests
        return ""
    named = request.GET.getlist(PARAMETER)
    return page_languages().get(named[0], "") if len(named) == 1 else ""


def in_language(address: str, code: str) -> str:
    """The `address`, without its own `hl`, of a page in the language `code`: "zh-hans" or "en"."""
    parts = urlsplit(address)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != PARAMETER]
    if code != settings.LANGUAGE_CODE:
        query.append((PARAMETER, next(name for name, known in page_languages().items() if known == code)))
    return urlunsplit(parts._replace(query=urlencode(query)))
