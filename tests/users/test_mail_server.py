"""Mail to a server that fails first: tried again, sent once, and whole."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy

import pytest
from celery import current_app

from apps.users.models import Registration
from celery_tasks import mail

pytestmark = pytest.mark.django_db


class Postbox(socketserver.ThreadingTCPServer):
    """Speaks enough SMTP (RFC 5321) to be sent mail; refuses as often as it was set to."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, refusals: int) -> None:
        super().__init__(("127.0.0.1", 0), Desk)
        self.refusals, self.calls = refusals, 0
        self.mails: list[bytes] = []


class Desk(socketserver.StreamRequestHandler):
    server: Postbox

    def handle(self) -> None:
        self.server.calls += 1
        if self.server.calls <= self.server.refusals:
            self._say("421 busy, try later")
            return
        self._say("220 ready")
        while line := self.rfile.readline():
            word = line[:4].upper().strip()
            if word == b"DATA":
                self._say("354 go on")
                content = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    content += part
                self.server.mails.append(content)
            self._say("221 bye" if word == b"QUIT" else "250 fine")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def postbox(request, settings) -> Iterator[Postbox]:
    server = Postbox(refusals=request.param)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("postbox", [3], indirect=True)
def test_a_busy_server_is_tried_again_until_it_takes_the_mail(post, postbox):
    current_app.conf.task_eager_propagates = False  # a try that failed ends in the queue, not in the visitor's request
    data = {"username": "lin", "email": "lin@example.com", "password": "right horse battery"}
    assert post("/user/register/", data).status_code == 302  # the visitor notices nothing
    assert (postbox.calls, len(postbox.mails)) == (4, 1)
    mail = message_from_bytes(postbox.mails[0], policy=policy.default)
    assert mail["To"] == "lin@example.com"
    assert {part.get_content_type() for part in mail.walk()} >= {"text/plain", "text/html"}


def test_pauses_grow_and_end():
    task = mail.send_activation
    assert (task.retry_backoff, task.retry_backoff_max, task.max_retries) == (5, 600, 14)


@pytest.mark.parametrize("postbox", [0], indirect=True)
def test_a_task_for_what_is_gone_sends_nothing(postbox):
    mail.send_activation(registration_id=10**9, unknown="argument")
    mail.resend_activation(email="nobody@example.com")
    mail.send_reset(asked="nobody")
    mail.notify(user_id=10**9, template="password_changed")
    mail.send_code(code_id=10**9)
    assert not Registration.objects.exists()
    assert postbox.calls == 0
