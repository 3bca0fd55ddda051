"""The client, browser and redirect target of a request, and responses to rejected forms."""

from __future__ import annotations

import unicodedata
from math import ceil
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import get_random_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.users import services
from apps.users.models import User
from utils.addresses import client_address, client_network

KNOWN = "known"  # cookie: ids of accounts this browser signed in to, each with a random name for the browser
KNOWN_FOR = round(services.known_browsers.KEPT.total_seconds())
KNOWN_MOST = 5  # accounts
LANGUAGE_FOR = 365 * 24 * 3600  # seconds


def client_of(request: HttpRequest) -> services.Client:
    """The client as rate limits identify it."""
    return services.Client(
        address=client_network(client_address(request)), devices=services.known_browsers.recognize(_shown(request))
    )


def browser_name(request: HttpRequest, user: User) -> str:
    """The random name by which the account knows this browser; a new one if it is unknown."""
    shown = {pk: name for pk, name in _shown(request).items() if pk == user.pk}
    return services.known_browsers.recognize(shown).get(user.pk) or get_random_string(16)


def remember_browser(request: HttpRequest, response: HttpResponse, user: User, name: str) -> None:
    """Set the cookie by which the account recognizes this browser at the next sign-in."""
    others = [(pk, other) for pk, other in _shown(request).items() if pk != user.pk]
    value = signing.dumps([*others[-(KNOWN_MOST - 1) :], (user.pk, name)], salt="users.known")
    set_cookie(response, KNOWN, value, KNOWN_FOR)


def set_cookie(response: HttpResponse, name: str, value: str, seconds: int) -> None:
    """Set a cookie that scripts can't read."""
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax"
    )


def set_language(response: HttpResponse, language: str) -> None:
    """Set the language cookie."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=LANGUAGE_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def _shown(request: HttpRequest) -> dict[int, str]:
    try:
        pairs = signing.loads(request.COOKIES.get(KNOWN, ""), salt="users.known", max_age=KNOWN_FOR)
    except signing.BadSignature:
        return {}
    return {int(pk): str(device) for pk, device in pairs}


def safe_next(request: HttpRequest) -> str:
    """The redirect target after sign-in: a path of this site, else the home page."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    odd = any(c == "\\" or c.isspace() or unicodedata.category(c).startswith("C") for c in target)
    doubled = unicodedata.normalize("NFKC", target[:2]) == "//"
    local = target.startswith("/") and not doubled and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if local and not odd else settings.LOGIN_REDIRECT_URL


def throttled_message(error: services.Throttled) -> str:
    """The message for a throttled client."""
    minutes = max(1, ceil(error.wait / 60))
    wait = ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    return _("Too many attempts. Please try again in %(wait)s.") % {"wait": wait}


def answer(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    msg: str = "",
    late: services.Throttled | None = None,
) -> HttpResponse:
    """Render the page; status 400 with an error `msg`, 429 with Retry-After if `late` (RFC 9110 §10.2.3)."""
    if late:
        msg = throttled_message(late)
    status = 429 if late else 400 if msg else 200
    page = render(request, template, {**context, "msg": msg}, status=status)
    if late:
        page["Retry-After"] = str(max(1, ceil(late.wait)))
    return page
