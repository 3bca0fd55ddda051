"""System checks for settings; each hint says what to set."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from email.utils import parseaddr
from importlib.util import find_spec
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.http.request import validate_host
from django.utils.module_loading import import_string

from utils.addresses import is_mail_address, is_site
from utils.cdn import SCHEMES, pull_secrets
from utils.storages import video_store
from utils.time_zones import fixed_offset

MEDIA_SECRET = re.compile(r"[A-Za-z0-9_-]{32,}")
PARAMETER = re.compile(r"[A-Za-z0-9_]{1,100}")

if TYPE_CHECKING:
    from utils.mariadb.base import DatabaseWrapper


@register()
def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Checks for every environment."""
    known = settings.ENVIRONMENT in {"embedded", "production"}
    shared = [settings.MEDIA_SECRET, *settings.MEDIA_SECRET_FALLBACKS]
    try:
        stored = bool(video_store())
    except ImproperlyConfigured:
        stored = False
    contact = settings.SITE_CONTACT
    reachable = not contact or re.fullmatch(r"https?://\S+", contact) is not None or is_mail_address(contact)
    reports = settings.SECURITY_CONTACT
    reportable = not reports or re.fullmatch(r"https://\S+", reports) is not None or is_mail_address(reports)
    return _unless(
        (
            reportable,
            "E005",
            f"SECURITY_CONTACT is {reports!r}.",
            "Set it to a mail address or to https://your.site/security.",
        ),
        (reachable, "E004", f"SITE_CONTACT is {contact!r}.", "Set it to a mail address or to https://your.site/help."),
        (known, "E001", f"ENVIRONMENT is {settings.ENVIRONMENT!r}.", "Set ENVIRONMENT to embedded or production."),
        (
            stored,
            "E002",
            f"VIDEO_STORAGE_URL is {settings.VIDEO_STORAGE_URL!r}.",
            "Set it to file:///an/absolute/folder or to fastdfs://tracker:22122,tracker:22122/group1.",
        ),
        (
            settings.SEARCH_ENGINE != "whoosh" or find_spec("whoosh") is not None,
            "E006",
            "SEARCH_ENGINE is 'whoosh', and the package isn't installed.",
            "Install requirements-whoosh.txt, or leave SEARCH_ENGINE unset.",
        ),
        (
            all(MEDIA_SECRET.fullmatch(one) for one in shared if one),
            "E003",
            "A secret in MEDIA_SECRET or MEDIA_SECRET_FALLBACKS is too weak or has invalid characters.",
            "Set it to 32 or more random letters, digits, - and _.",
        ),
    )


@register()
def check_addresses(**_kwargs: Any) -> list[CheckMessage]:
    """Checks host names, networks and addresses."""
    strange = [host for host in settings.ALLOWED_HOSTS if not re.fullmatch(r"\*|\[[0-9A-Fa-f:.]+\]|[\w.-]+", host)]
    binary, sender = settings.FFMPEG_BINARY, parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return [
        *_unless(
            (
                is_site(settings.SITE_URL), "E033", f"SITE_URL is {settings.SITE_URL!r}.",
                "Set it to https://your.site, without a path.",
            ),
            (
                not strange, "E034", f"ALLOWED_HOSTS holds {', '.join(map(repr, strange))}.",
                "Set it to comma-separated host names, without https://, port or path.",
            ),
            (
                not binary or shutil.which(binary) is not None, "E036",
                f"FFMPEG_BINARY is {binary!r}: there is no such program.",
                "Set it to the path of ffmpeg, or leave it unset.",
            ),
            (
                is_mail_address(sender), "E037", f"DEFAULT_FROM_EMAIL is {settings.DEFAULT_FROM_EMAIL!r}.",
                "Set it to noreply@your.site, or to Your site <noreply@your.site>.",
            ),
            (bool(settings.SITE_NAME.strip()), "E038", "SITE_NAME is empty.", "Set it to the name of the site."),
        ),
        *_check_networks(
            "TRUSTED_PROXIES", "streamsite.E030", [one for one in settings.TRUSTED_PROXIES if one != "unix"],
            "Set it to networks such as 127.0.0.1/32,10.0.0.0/8, or to unix.",
        ),
        *_check_networks(
            "MONITORING_NETWORKS", "streamsite.E040", settings.MONITORING_NETWORKS,
            "Set it to networks such as 127.0.0.0/8,10.1.2.3.",
        ),
    ]  # fmt: skip


def _check_networks(name: str, id: str, values: list[str], hint: str) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for one in values:
        try:
            ip_network(one)
        except ValueError as error:
            found.append(Error(f"{name} holds {one!r}: {error}.", hint=hint, id=id))
    return found


@register()
def check_cdn(**_kwargs: Any) -> list[CheckMessage]:
    """Checks what is set of a CDN; keys and secrets aren't shown."""
    scheme, names = SCHEMES[settings.CDN_SIGNING], settings.CDN_PARAMETERS
    url, is_used, wanted = settings.CDN_URL, bool(settings.CDN_URL), scheme.parameters
    safe = is_site(url) and (url.startswith("https://") or not settings.SITE_URL.startswith("https://"))
    return _unless(
        (
            not is_used or safe, "E050", f"CDN_URL is {url!r}.",
            "Set it to https://cdn.your.site, without a path.",
        ),
        (
            not is_used or scheme.keys.fullmatch(settings.CDN_KEY) is not None, "E051",
            "CDN_KEY is not set, too short, too long or has invalid characters.",
            "Set it to 16 to 32 random letters and digits, the same as in the CDN's console.",
        ),
        (
            not is_used or bool(settings.CDN_PULL_SECRET), "E052", "CDN_URL is set, and CDN_PULL_SECRET isn't.",
            "Set it to 32 or more random letters, digits, - and _, which the CDN sends when it fetches from this site.",
        ),
        (
            all(MEDIA_SECRET.fullmatch(one) for one in pull_secrets()), "E053",
            "A secret in CDN_PULL_SECRET or CDN_PULL_SECRET_FALLBACKS is too weak or has invalid characters.",
            "Set it to 32 or more random letters, digits, - and _.",
        ),
        (
            not names or (len(set(names)) == len(wanted) and all(map(PARAMETER.fullmatch, names))), "E054",
            f"CDN_PARAMETERS is {','.join(names)!r}.",
            f"Leave it unset, or name as many parameters as {settings.CDN_SIGNING} has: {len(wanted)}.",
        ),
    )  # fmt: skip


@register()
def check_classes(**_kwargs: Any) -> list[CheckMessage]:
    """Checks classes named in settings, and the OpenID Connect settings."""
    found: list[CheckMessage] = [
        Error(
            f"{name} is {path!r}: {trouble}.",
            hint=f"Set it to the path of a class with {' and '.join(methods)}.",
            id=id,
        )
        for name, id, paths, methods in (
            ("SMS_SENDER", "streamsite.E031", [settings.SMS_SENDER], ["send"]),
            ("SIGN_IN_PROVIDERS", "streamsite.E032", settings.SIGN_IN_PROVIDERS, ["begin", "finish"]),
        )
        for path in paths
        if (trouble := _no_class(path, methods))
    ]
    if "apps.users.providers.OpenIDConnect" in settings.SIGN_IN_PROVIDERS:
        found += _check_openid()
    return found


def _check_openid() -> list[CheckMessage]:
    issuer = urlsplit(settings.OIDC_ISSUER)
    safe = issuer.scheme == "https" or issuer.hostname in {"127.0.0.1", "localhost", "::1"}
    return _unless(
        (
            safe and bool(issuer.hostname), "E035", f"OIDC_ISSUER is {settings.OIDC_ISSUER!r}.",
            "Set it to the provider's https address.",
        ),
        (
            bool(settings.OIDC_CLIENT_ID), "E039", "OIDC_CLIENT_ID is not set.",
            "Set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET as the provider gave them.",
        ),
    )  # fmt: skip


def _no_class(path: str, methods: list[str]) -> str:
    """What is wrong with the class at that path; "" if nothing."""
    try:
        found = import_string(path)
    except Exception as error:  # an operator's module can raise anything on import
        return str(error).rstrip(".") or type(error).__name__
    missing = [name for name in methods if not callable(getattr(found, name, None))]
    if not isinstance(found, type):
        return "it is not a class"
    return f"it has no method {missing[0]}" if missing else ""


@register()
def check_production(**_kwargs: Any) -> list[CheckMessage]:
    """Checks for production."""
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
            "Set ALLOWED_HOSTS to the site's host names.",
        ),
        (
            validate_host(urlsplit(settings.SITE_URL).hostname or "", settings.ALLOWED_HOSTS),
            "E016",
            f"ALLOWED_HOSTS doesn't include the host of SITE_URL ({settings.SITE_URL}).",
            "Set ALLOWED_HOSTS to the site's host names.",
        ),
        (https, "E013", f"SITE_URL is {settings.SITE_URL!r}: production needs https.", "Set it to https://your.site."),
        (
            not settings.OUTBOX,
            "E014",
            "OUTBOX is on: the emails it shows give access to every account.",
            "Set OUTBOX=0.",
        ),
    )
    if settings.EMAIL_BACKEND == "utils.mail.FolderBackend":
        hint = "Set EMAIL_URL, for example to smtp+tls://user:password@mail.example.com:587."
        found.append(Info("Emails are saved to a folder instead of being sent.", hint=hint, id="streamsite.I015"))
    return found


@register(Tags.database)
def check_database(*, databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Checks the MariaDB server; runs with `migrate` and `check --database default`."""
    found: list[CheckMessage] = []
    for connection in (connections[alias] for alias in databases or () if connections[alias].vendor == "mysql"):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT CONVERT_TZ('2025-01-01', 'UTC', %s), @@character_set_connection", [settings.TIME_ZONE]
            )
            moved, charset = cursor.fetchone()
        found += _unless(
            (
                bool(moved or fixed_offset(settings.TIME_ZONE)),
                "E020",
                f"The database server doesn't know the time zone {settings.TIME_ZONE}, which has daylight saving time.",
                "Load its time zone tables: mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb mysql",
            ),
            (charset == "utf8mb4", "E021", f"The connection uses {charset}.", "Remove charset= from DATABASE_URL."),
        )
        if inexact := cast("DatabaseWrapper", connection).inexact_tables():
            hint = "Run manage.py migrate to convert them."
            found.append(
                Warning(
                    f"These tables don't compare text exactly: {', '.join(inexact)}.", hint=hint, id="streamsite.W022"
                )
            )
    return found


def _unless(*wanted: tuple[bool, str, str, str]) -> list[CheckMessage]:
    """An Error for each (condition, id, message, hint) whose condition is false."""
    return [Error(wrong, hint=hint, id=f"streamsite.{name}") for holds, name, wrong, hint in wanted if not holds]
