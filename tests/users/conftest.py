"""What the tests of accounts share: the queue works at once, messages are read from where they are kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

PASSWORD = "right horse battery"


class Kept:
    """The messages that were kept since the test began, the oldest first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mails(self) -> list[dict[str, str]]:
        found = []
        for file in sorted(self.folder.glob("*.eml")):
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            found.append(
                {
                    "to": str(mail["To"]), "subject": str(mail["Subject"]),
                    "text": mail.get_body(("plain",)).get_content(), "html": mail.get_body(("html",)).get_content(),
                }
            )  # fmt: skip
        return found

    def texts(self) -> list[dict[str, str]]:
        return [json.loads(file.read_text()) for file in sorted(self.folder.glob("*.sms"))]

    def link(self) -> str:
        """The path of the newest mail's link."""
        return re.search(rf"{re.escape(settings.SITE_URL)}(/user/\S+)", self.mails()[-1]["text"]).group(1)

    def code(self) -> str:
        """The newest text message's code."""
        return re.search(r"\d{6}", self.texts()[-1]["text"]).group()

    def nothing(self) -> bool:
        return not self.mails() and not self.texts()


@pytest.fixture
def kept(tmp_path, settings) -> Kept:
    settings.EMAIL_BACKEND = "utils.mail.FolderBackend"  # the runner puts one in memory
    settings.MAIL_FOLDER = str(tmp_path / "mail")
    return Kept(tmp_path / "mail")


@pytest.fixture(autouse=True)
def _at_once(settings) -> Iterator[None]:
    """The worker's part is done in the test's own process."""
    from streamsite.celery import app

    app.conf.task_always_eager, app.conf.task_eager_propagates = True, True
    yield
    app.conf.task_always_eager, app.conf.task_eager_propagates = False, False


@pytest.fixture
def post(client: Client, django_capture_on_commit_callbacks) -> Callable[..., object]:
    """POST as a browser does, with what is queued done after the commit."""

    def send(path: str, data: dict[str, object] | None = None, by: Client | None = None, **extra: str) -> object:
        with django_capture_on_commit_callbacks(execute=True):
            return (by or client).post(path, data or {}, **extra)

    return send
