"""An email backend that saves messages to a folder, one file each: the embedded default."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

logger = logging.getLogger(__name__)


class FolderBackend(BaseEmailBackend):
    """Writes each message atomically to MAIL_FOLDER as `<time>-<random>.eml`."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            keep(f"{stamp()}.eml", message.message().as_bytes())
            logger.info("Mail for %s: %s", ", ".join(message.recipients()), message.subject)
        return len(email_messages)


def stamp() -> str:
    """A unique file name that sorts by time."""
    return f"{time.time_ns():020d}-{secrets.token_hex(4)}"


def keep(name: str, content: bytes) -> Path:
    """Write the file to the folder, readable by its owner only."""
    folder = Path(settings.MAIL_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{name}.part"  # no pattern for whole messages fits it
    part.touch(mode=0o600)
    part.write_bytes(content)
    return part.rename(folder / name)
