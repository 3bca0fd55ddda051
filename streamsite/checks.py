"""System checks on the settings: what is wrong, and what to set."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, register


@register()
def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Wrong in any environment."""
    found: list[CheckMessage] = []
    if settings.ENVIRONMENT not in {"embedded", "production"}:
        found.append(
            Error(
                f"ENVIRONMENT is {settings.ENVIRONMENT!r}.",
                hint="Set ENVIRONMENT to embedded or production.",
                id="streamsite.E001",
            )
        )
    if urlsplit(settings.VIDEO_STORAGE_URL).scheme not in {"file"}:
        found.append(
            Error(
                f"VIDEO_STORAGE_URL is {settings.VIDEO_STORAGE_URL!r}.",
                hint="Set it to file:///an/absolute/folder.",
                id="streamsite.E002",
            )
        )
    return found


@register()
def check_production(**_kwargs: Any) -> list[CheckMessage]:
    """What production refuses, and what to set instead."""
    if settings.ENVIRONMENT != "production":
        return []
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(Error("DEBUG is on in production.", hint="Set DEBUG=0.", id="streamsite.E010"))
    if len(settings.SECRET_KEY) < 50 or len(set(settings.SECRET_KEY)) < 5:
        found.append(
            Error(
                "SECRET_KEY is too weak for production.",
                hint="Set SECRET_KEY to at least 50 random characters.",
                id="streamsite.E011",
            )
        )
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "ALLOWED_HOSTS allows every host.",
                hint="Set ALLOWED_HOSTS to the site's own names.",
                id="streamsite.E012",
            )
        )
    if not settings.SITE_URL.startswith("https://"):
        found.append(
            Error(
                f"SITE_URL is {settings.SITE_URL!r}: production needs https.",
                hint="Set SITE_URL to https://your.site.",
                id="streamsite.E013",
            )
        )
    if settings.OUTBOX:
        found.append(
            Error(
                "OUTBOX is on: it shows everybody's mails to whoever reaches this machine.",
                hint="Set OUTBOX=0.",
                id="streamsite.E014",
            )
        )
    if settings.EMAIL_BACKEND == "utils.mail.FolderBackend":
        found.append(
            Info(
                "Mails are kept in a folder and not sent.",
                hint="Set EMAIL_URL, for example to smtp+tls://user:password@mail.example.com:587.",
                id="streamsite.I015",
            )
        )
    return found
