"""Mails and text messages that a site on trial keeps instead of sending, and who may read them.

They hold everybody's links and codes, so a browser has to show a key: nothing that a request lacks, and no address
that it comes from, tells the owner's browser from one behind a proxy. A key is a file named by its digest; using it
renames the file to the digest of what the browser keeps from then on. Of two who use one key at once the file system
lets one win.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings

SHOWN = 50


@dataclass(frozen=True)
class Message:
    """One kept message."""

    to: str
    subject: str
    text: str
    kept_at: datetime


def make_key() -> str:
    """A key that opens the outbox once, in one browser."""
    key = secrets.token_urlsafe(24)
    add_key(key)
    return key


def add_key(key: str) -> None:
    """Let the key open the outbox once."""
    folder = Path(settings.OUTBOX_KEYS)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / _key(key)).touch(mode=0o600)


def forget_keys() -> None:
    """Close the outbox for every key and browser of before."""
    shutil.rmtree(settings.OUTBOX_KEYS, ignore_errors=True)


def use_key(key: str) -> str | None:
    """What the browser keeps that used the key; None for a key that is unknown or was used already."""
    token = secrets.token_urlsafe(24)
    folder = Path(settings.OUTBOX_KEYS)
    try:
        (folder / _key(key)).rename(folder / _browser(token))
    except FileNotFoundError:
        return None
    return token


def is_open_to(token: str) -> bool:
    """Whether a browser keeps this that used a key since the site started."""
    return (Path(settings.OUTBOX_KEYS) / _browser(token)).exists()


def newest() -> list[Message]:
    """The newest kept messages."""
    kept = (path for path in Path(settings.MAIL_FOLDER).glob("[0-9]*") if path.suffix in {".eml", ".sms"})
    return [_read(file) for file in sorted(kept, reverse=True)[:SHOWN]]


def _key(key: str) -> str:
    return f"key-{_digest(key)}"


def _browser(token: str) -> str:
    return f"browser-{_digest(token)}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _read(file: Path) -> Message:
    kept_at = datetime.fromtimestamp(int(file.stem.partition("-")[0]) / 1e9, UTC)
    content = file.read_bytes()
    if file.suffix == ".sms":
        sms = json.loads(content)
        return Message(sms["phone"], "", sms["text"], kept_at)
    mail = message_from_bytes(content, policy=policy.default)
    body = mail.get_body(("plain",)) if isinstance(mail, EmailMessage) else None
    return Message(str(mail["To"]), str(mail["Subject"]), body.get_content() if body else "", kept_at)
