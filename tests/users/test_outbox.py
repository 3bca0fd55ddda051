"""Kept mails can be read on the own machine, where that is wanted, and nowhere else."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db
OUTBOX = "/user/outbox/"
NEW = {"username": "lin", "email": "lin@example.com", "password": "right horse battery"}


def test_it_shows_mails_and_text_messages_the_newest_first(client, post, kept, settings):
    settings.OUTBOX = True
    post("/user/register/", NEW)
    post("/user/register/?by=phone", {**NEW, "username": "chen", "phone": "13800138000"})
    page = client.get(OUTBOX)
    assert [message.to for message in page.context["kept"]] == ["+8613800138000", "lin@example.com"]
    assert f'href="{settings.SITE_URL}{kept.link()}"' in page.content.decode()


def test_there_is_none_unless_wanted(client, post, kept, settings):
    settings.OUTBOX = False
    post("/user/register/", NEW)
    assert client.get(OUTBOX).status_code == 404
    assert OUTBOX not in client.get("/user/register/sent/").content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {"REMOTE_ADDR": "192.168.1.20"}, {"HTTP_X_FORWARDED_FOR": "203.0.113.5"}, {"HTTP_HOST": "streamsite.example"},
        {"REMOTE_ADDR": "192.168.1.20", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    ],
)  # fmt: skip
def test_nobody_else_sees_it(client, settings, asked):
    settings.OUTBOX, settings.ALLOWED_HOSTS = True, ["*"]
    assert client.get(OUTBOX).status_code == 200
    assert client.get(OUTBOX, **asked).status_code == 404
    assert client.get("/user/register/again/", **asked).status_code == 200


def test_a_message_is_shown_as_text(client, kept, settings):
    from utils import sms

    settings.OUTBOX = True
    sms.send(phone="+8613800138000", text="<script>alert(1)</script>")
    page = client.get(OUTBOX).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
