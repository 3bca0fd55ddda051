"""Text messages through whoever the operator chose: SMS_SENDER names a class with one method.

    class Sender:
        def send(self, *, phone: str, text: str) -> None: ...

`phone` is E.164 (+8613800138000), `text` is in the reader's language. Raise NotSent when trying again may help:
the queue does, with growing pauses. docs/accounts.md shows a provider's class whole.
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
    """The provider did not take the message."""


class Sender(Protocol):
    """What SMS_SENDER names."""

    def send(self, *, phone: str, text: str) -> None: ...


class ConsoleSender:
    """Writes the message to the log: for development."""

    def send(self, *, phone: str, text: str) -> None:
        logger.info("Text message for %s: %s", phone, text)


class FolderSender:
    """Keeps the message beside the mails: the embedded default."""

    def send(self, *, phone: str, text: str) -> None:
        keep(f"{stamp()}.sms", json.dumps({"phone": phone, "text": text}, ensure_ascii=False).encode())
        logger.info("Text message for %s", phone)


def send(*, phone: str, text: str) -> None:
    """Hand the message to SMS_SENDER. Raises NotSent."""
    sender: Sender = import_string(settings.SMS_SENDER)()
    sender.send(phone=phone, text=text)
