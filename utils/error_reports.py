"""Reports of errors to a server that speaks Sentry's protocol, where SENTRY_DSN names one.

A report has the error, where it happened and the request's id. It has no query, form, cookie, header, address of a
viewer, variable or argument: what is sent is listed here, and scrubbed as log lines are.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

import sentry_sdk
from django.core.exceptions import ImproperlyConfigured
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.integrations.threading import ThreadingIntegration
from sentry_sdk.utils import BadDsn

from utils import request_ids
from utils.logs import scrubber

KEPT = {"event_id", "timestamp", "platform", "level", "logger", "environment", "server_name", "sdk", "transaction"}
FRAME = {
    "filename",
    "abs_path",
    "module",
    "function",
    "lineno",
    "context_line",
    "pre_context",
    "post_context",
    "in_app",
}
Event = dict[str, Any]


def start(dsn: str, *, environment: str, secret_paths: Iterable[str]) -> None:
    """Report errors of this process from now on, in a thread of its own. Raises ImproperlyConfigured."""
    clean = cleaner(scrubber(secret_paths))
    try:
        sentry_sdk.init(
            dsn=dsn,
            environment=environment,
            release="",  # else it is asked of git
            before_send=clean,  # type: ignore[arg-type]  # of its own type of dict
            default_integrations=False,  # others change requests to other servers, or read more than is needed
            integrations=[
                AtexitIntegration(callback=lambda _pending, _timeout: None),
                CeleryIntegration(propagate_traces=False),
                DedupeIntegration(),
                DjangoIntegration(middleware_spans=False, signals_spans=False),
                ExcepthookIntegration(),
                LoggingIntegration(level=None, event_level=logging.ERROR),
                ThreadingIntegration(),
            ],
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_session_tracking=False,
            send_client_reports=False,
        )
    except BadDsn as error:  # without the DSN, which has a key
        raise ImproperlyConfigured("SENTRY_DSN is not a DSN. Set it to https://key@host/1.") from error


def cleaner(scrub: Callable[[str], str]) -> Callable[[Event, Any], Event]:
    """What makes the report of an event: only what is known to be needed."""

    def clean(event: Event, _hint: Any) -> Event:
        kept = {name: value for name, value in event.items() if name in KEPT}
        kept["tags"] = {"request_id": request_ids.current()}
        if entry := event.get("logentry"):
            kept["logentry"] = {"message": scrub(str(entry.get("formatted") or entry.get("message") or ""))}
        if errors := (event.get("exception") or {}).get("values"):
            kept["exception"] = {"values": [_error(error, scrub) for error in errors]}
        return kept

    return clean


def _error(error: dict[str, Any], scrub: Callable[[str], str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: error[name] for name in ("type", "module") if name in error}
    found["value"] = scrub(str(error.get("value") or ""))
    frames = (error.get("stacktrace") or {}).get("frames") or []
    found["stacktrace"] = {"frames": [{name: frame[name] for name in FRAME & frame.keys()} for frame in frames]}
    return found
