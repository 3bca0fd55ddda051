"""Text messages through the provider class named by SMS_SENDER, which has one method.

    class Sender:
        def send(self, *, phone: str, text: str) -> None: ...

`phone` is E.164 (+8613800138000), `text` is in the recipient's language. Raise NotSent for temporary failures: the
queue retries with exponential backoff. docs/accounts.md has a complete example.
"""

from __future__ import annotations

import json
import logging
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from utils.mail import keep, stamp

logger = logging.getLogger(__name__)


class NotSent(Exception):
    """The provider did not accept the message."""


class Sender(Protocol):
    """The interface of SMS_SENDER classes."""

    def send(self, *, phone: str, text: str) -> None: ...


class ConsoleSender:
    """Writes the message to the log: for development."""

    def send(self, *, phone: str, text: str) -> None:
        logger.info("Text message for %s: %s", phone, text)


class FolderSender:
    """Saves the message next to the emails: the embedded default."""

    def send(self, *, phone: str, text: str) -> None:
        keep(f"{stamp()}.sms", json.dumps({"phone": phone, "text": text}, ensure_ascii=False).encode())
        logger.info("Text message for %s", phone)


def send(*, phone: str, text: str) -> None:
    """Send the message through SMS_SENDER. Raises NotSent."""
    sender: Sender = import_string(settings.SMS_SENDER)()
    sender.send(phone=phone, text=text)
