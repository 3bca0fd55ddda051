"""Mails and text messages that were kept instead of sent, for who tries the site on the own machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from utils.addresses import client_address

SHOWN = 50
LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1", "testserver"}
LOCAL_CLIENTS = {"127.0.0.1", "::1"}


@dataclass(frozen=True)
class Message:
    """One kept message."""

    to: str
    subject: str
    text: str
    kept_at: datetime


def outbox_exists(request: HttpRequest) -> bool:
    """Only where OUTBOX is on, for a browser on this very machine, asked for by a name of this machine."""
    return (
        settings.OUTBOX
        and urlsplit(f"//{request.get_host()}").hostname in LOCAL_HOSTS
        and client_address(request) in LOCAL_CLIENTS
        and "X-Forwarded-For" not in request.headers
    )


@never_cache
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """The newest kept messages; 404 wherever `outbox_exists` is not so."""
    if not outbox_exists(request):
        raise Http404
    folder = Path(settings.MAIL_FOLDER)
    files = sorted((p for p in folder.glob("[0-9]*") if p.suffix in {".eml", ".sms"}), reverse=True)[:SHOWN]
    return render(request, "users/outbox.html", {"kept": [_read(file) for file in files]})


def _read(file: Path) -> Message:
    kept_at = datetime.fromtimestamp(int(file.stem.partition("-")[0]) / 1e9, UTC)
    content = file.read_bytes()
    if file.suffix == ".sms":
        sms = json.loads(content)
        return Message(sms["phone"], "", sms["text"], kept_at)
    mail = message_from_bytes(content, policy=policy.default)
    body = mail.get_body(("plain",)) if isinstance(mail, EmailMessage) else None
    return Message(str(mail["To"]), str(mail["Subject"]), body.get_content() if body else "", kept_at)
