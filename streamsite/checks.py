"""System checks on the settings: what is wrong, and what to set."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, register
from django.http.request import validate_host


@register()
def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Wrong in any environment."""
    known = settings.ENVIRONMENT in {"embedded", "production"}
    stored = urlsplit(settings.VIDEO_STORAGE_URL).scheme == "file"
    return _unless(
        (known, "E001", f"ENVIRONMENT is {settings.ENVIRONMENT!r}.", "Set ENVIRONMENT to embedded or production."),
        (
            stored,
            "E002",
            f"VIDEO_STORAGE_URL is {settings.VIDEO_STORAGE_URL!r}.",
            "Set it to file:///an/absolute/folder.",
        ),
    )


@register()
def check_production(**_kwargs: Any) -> list[CheckMessage]:
    """What production refuses, and what to set instead."""
    if settings.ENVIRONMENT != "production":
        return []
    strong = len(settings.SECRET_KEY) >= 50 and len(set(settings.SECRET_KEY)) >= 5
    https = settings.SITE_URL.startswith("https://")
    found = _unless(
        (not settings.DEBUG, "E010", "DEBUG is on in production.", "Set DEBUG=0."),
        (strong, "E011", "SECRET_KEY is too weak for production.", "Set it to at least 50 random characters."),
        (
            "*" not in settings.ALLOWED_HOSTS,
            "E012",
            "ALLOWED_HOSTS allows every host.",
            "Set ALLOWED_HOSTS to the site's own names.",
        ),
        (
            validate_host(urlsplit(settings.SITE_URL).hostname or "", settings.ALLOWED_HOSTS),
            "E016",
            f"ALLOWED_HOSTS leaves out the site's own name: {settings.SITE_URL}.",
            "Set ALLOWED_HOSTS to the names that the site is reached by.",
        ),
        (https, "E013", f"SITE_URL is {settings.SITE_URL!r}: production needs https.", "Set it to https://your.site."),
        (
            not settings.OUTBOX,
            "E014",
            "OUTBOX is on: it shows everybody's mails to whoever reaches this machine.",
            "Set OUTBOX=0.",
        ),
    )
    if settings.EMAIL_BACKEND == "utils.mail.FolderBackend":
        hint = "Set EMAIL_URL, for example to smtp+tls://user:password@mail.example.com:587."
        found.append(Info("Mails are kept in a folder and not sent.", hint=hint, id="streamsite.I015"))
    return found


def _unless(*wanted: tuple[bool, str, str, str]) -> list[CheckMessage]:
    """An error for each (what must hold, id, what is wrong, what to set) that doesn't hold."""
    return [Error(wrong, hint=hint, id=f"streamsite.{name}") for holds, name, wrong, hint in wanted if not holds]
