"""The outbox of a site in trial mode: emails and text messages saved instead of sent, and access to them.

They contain links and codes for every account, so a browser needs a key: neither headers nor the client address
distinguish the owner's browser from one behind a proxy. A key is an empty file named by its digest; using it renames
the file to the digest of the browser's token. If two requests use one key at the same time, the rename succeeds once.
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
    """A saved message."""

    to: str
    subject: str
    text: str
    kept_at: datetime


def make_key() -> str:
    """Create a key that opens the outbox once, in one browser."""
    key = secrets.token_urlsafe(24)
    add_key(key)
    return key


def add_key(key: str) -> None:
    """Register a single-use key."""
    folder = Path(settings.OUTBOX_KEYS)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / _key(key)).touch(mode=0o600)


def forget_keys() -> None:
    """Revoke all keys and browser tokens."""
    shutil.rmtree(settings.OUTBOX_KEYS, ignore_errors=True)


def use_key(key: str) -> str | None:
    """Exchange the key for a browser token; None if the key is unknown or used."""
    token = secrets.token_urlsafe(24)
    folder = Path(settings.OUTBOX_KEYS)
    try:
        (folder / _key(key)).rename(folder / _browser(token))
    except FileNotFoundError:
        return None
    return token


def is_open_to(token: str) -> bool:
    """Whether the browser token is valid."""
    return (Path(settings.OUTBOX_KEYS) / _browser(token)).exists()


def newest() -> list[Message]:
    """The newest saved messages."""
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
