"""The outbox opens with the key that the start printed, or for an administrator; for nobody else, from anywhere."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from apps.users import services
from tests.factories import make_user
from tests.users.conftest import PASSWORD

pytestmark = pytest.mark.django_db
OUTBOX = "/user/outbox/"
NEW = {"username": "lin", "email": "lin@example.com", "password": "right horse battery"}


@pytest.fixture(autouse=True)
def _on_trial(settings, tmp_path):
    settings.OUTBOX, settings.OUTBOX_KEYS = True, str(tmp_path / "outbox")


def _reads(browser: Client, **asked: str) -> bool:
    """Whether the outbox opens; where it doesn't, it shows nothing of what was kept."""
    page = browser.get(OUTBOX, **asked)
    if page.status_code == 200:
        return "kept" in page.context
    assert page.status_code == 403
    assert "example.com" not in page.content.decode()
    return False


def test_it_shows_mails_and_text_messages_the_newest_first(client, post, kept, settings):
    post("/user/register/", NEW)
    post("/user/register/?by=phone", {**NEW, "username": "chen", "phone": "13800138000"})
    client.get(f"{OUTBOX}?key={services.outbox.make_key()}")
    page = client.get(OUTBOX)
    assert [message.to for message in page.context["kept"]] == ["+8613800138000", "lin@example.com"]
    assert f'href="{settings.SITE_URL}{kept.link()}"' in page.content.decode()


def test_signing_up_says_where_the_mail_is(client, post, kept):
    post("/user/register/", NEW)
    assert f'href="{OUTBOX}"' in client.get("/user/register/sent/").content.decode()
    help_page = client.get(OUTBOX)
    assert help_page.status_code == 403
    for way in ("make run", "manage.py outbox", f"/user/login/?next={OUTBOX}"):
        assert way in help_page.content.decode()


def test_there_is_none_unless_wanted(client, post, kept, settings):
    settings.OUTBOX = False
    post("/user/register/", NEW)
    assert client.get(OUTBOX).status_code == 404
    assert client.get(f"{OUTBOX}?key={services.outbox.make_key()}").status_code == 404
    assert OUTBOX not in client.get("/user/register/sent/").content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {},  # a plain proxy on this machine: no header, the host as it pleases
        {"HTTP_HOST": "127.0.0.1:8000"}, {"HTTP_HOST": "localhost"}, {"HTTP_HOST": "streamsite.example"},
        {"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:8000"}, {"REMOTE_ADDR": "", "HTTP_HOST": "localhost"},
        {"REMOTE_ADDR": "192.168.1.20"}, {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, {"HTTP_FORWARDED": "for=127.0.0.1"},
    ],
)  # fmt: skip
def test_no_address_host_or_header_opens_it(client, post, kept, settings, asked):
    settings.ALLOWED_HOSTS, settings.TRUSTED_PROXIES = ["*"], ["127.0.0.1/32", "unix"]
    post("/user/register/", NEW)
    assert not _reads(client, **asked)
    mine = Client()
    mine.get(f"{OUTBOX}?key={services.outbox.make_key()}", **asked)
    assert _reads(mine, **asked)  # and none closes it


def test_a_key_opens_one_browser_once(client):
    address = f"{OUTBOX}?key={services.outbox.make_key()}"
    assert client.head(address).status_code == 403  # looking ahead spends nothing
    answer = client.get(address)
    assert answer["Location"] == OUTBOX
    cookie = answer.cookies["outbox"]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"]) == ("Strict", OUTBOX)
    assert cookie.value not in address
    assert _reads(client)
    other = Client()
    refused = other.get(address)
    assert refused.status_code == 403
    assert refused.context["refused"]
    assert not _reads(other)
    assert _reads(client)


@pytest.mark.parametrize("key", ["x", "../../secret_key", "a" * 5000, "钥匙", "%00", "%ff%fe", ""])
def test_what_is_no_key_opens_nothing(client, key):
    services.outbox.make_key()
    assert client.get(f"{OUTBOX}?key={key}").status_code == 403
    client.cookies["outbox"] = key.encode("ascii", "replace").decode()
    assert not _reads(client)


def test_what_the_folder_holds_opens_nothing(settings):
    """Reading it reveals neither a key nor a cookie."""
    used, _left = services.outbox.make_key(), services.outbox.make_key()
    services.outbox.use_key(used)
    names = [path.name for path in Path(settings.OUTBOX_KEYS).iterdir()]
    assert len(names) == 2
    for name in names:
        digest = name.partition("-")[2]
        assert services.outbox.use_key(digest) is None
        assert not services.outbox.is_open_to(digest)
    assert Path(settings.OUTBOX_KEYS).stat().st_mode & 0o077 == 0


def test_of_many_at_once_one_wins():
    for _ in range(20):
        key, start, won = services.outbox.make_key(), threading.Barrier(8), []

        def use(key=key, start=start, won=won) -> None:
            start.wait()
            if token := services.outbox.use_key(key):
                won.append(token)

        threads = [threading.Thread(target=use) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        assert services.outbox.is_open_to(won[0])


def test_a_new_start_closes_it_for_all_before(client):
    unused = services.outbox.make_key()
    client.get(f"{OUTBOX}?key={services.outbox.make_key()}")
    assert _reads(client)
    services.outbox.forget_keys()
    assert not _reads(client)
    assert Client().get(f"{OUTBOX}?key={unused}").status_code == 403


def test_the_command_prints_one_more_address(client, capsys, settings):
    call_command("outbox")
    address = re.fullmatch(rf"{re.escape(settings.SITE_URL)}({OUTBOX}\?key=\S+)\n", capsys.readouterr().out).group(1)
    client.get(address)
    assert _reads(client)


@pytest.mark.parametrize(
    ("rights", "second_factor", "opens"),
    [
        ({"is_staff": True, "is_superuser": True}, False, True), ({"is_staff": True}, False, False), ({}, False, False),
        ({"is_staff": True, "is_superuser": True}, True, False),
    ],
)  # fmt: skip
def test_an_administrator_needs_no_key(client, settings, rights, second_factor, opens):
    settings.STAFF_SECOND_FACTOR = second_factor
    make_user(username="lin", **rights)
    client.post("/user/login/", {"username": "lin", "password": PASSWORD})
    assert _reads(client) is opens


def test_a_message_is_shown_as_text(client, kept):
    from utils import sms

    sms.send(phone="+8613800138000", text="<script>alert(1)</script>")
    client.get(f"{OUTBOX}?key={services.outbox.make_key()}")
    page = client.get(OUTBOX).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
