"""Strings that break careless sites, through every field of the accounts: kept and shown exactly, or refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from apps.users import services
from apps.users.models import PhoneCode, User
from tests.factories import make_user
from tests.naughty import NAUGHTY
from tests.staff.walk import ask
from tests.users.conftest import PASSWORD
from utils.confusables import mixes_scripts
from utils.plain_text import has_hidden, has_stack, is_visible

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.usefixtures("_unframed")]


@pytest.fixture
def _unframed(settings) -> None:
    """Pages without the frame around every one of them: it takes most of the time, and shows none of the fields."""
    first = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**first, "DIRS": [Path(__file__).parent / "bare", *first["DIRS"]]}]


def _each() -> Iterator[str]:
    for text in NAUGHTY:
        cache.clear()  # here nobody is too fast
        yield text


class Shown(HTMLParser):
    """A page, in which nothing runs but what we put there: no foreign script, handler or frame."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}  # by name of the field
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        assert not [name for name in found if name.startswith("on")], found
        assert tag not in {"iframe", "object", "embed", "base"}, found
        if tag == "script":
            assert found.get("src", "").startswith("/static/") or found.get("type") == "application/json", found
        if tag == "img":
            assert found["src"].startswith(("/static/", "/media/", "data:image/svg")), found
        assert not re.match(r"\s*javascript:", found.get("href", ""), re.IGNORECASE), found
        if tag == "input":
            self.values[found.get("id", "")] = found.get("value", "")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def _shown(answer) -> Shown:
    """What stands between the header and the footer: the rest is the same on every page."""
    return Shown(answer.content.decode().partition("<main")[2].partition("</main>")[0])


@pytest.fixture
def member(client) -> Client:
    make_user(username="lin", email="lin@example.com", phone="+8613800138000", language="en")
    client.post("/user/login/", {"username": "lin", "password": PASSWORD})
    return client


def test_nicknames_are_kept_and_shown_exactly_or_refused(member):
    kept = 0
    for text in _each():
        answer = member.post("/user/userown/", {"form": "profile", "nickname": text, "language": "en"})
        if answer.status_code == 302:
            shown = unicodedata.normalize("NFC", " ".join(text.split()))
            assert User.objects.get().nickname == shown
            page = _shown(member.get("/user/userown/"))
            assert page.values["profile-nickname"] == shown
            assert (shown or "lin") in page.texts
            kept += 1
        else:
            assert answer.status_code == 400
            disguised = has_hidden(text) or has_stack(text) or mixes_scripts(text) or not is_visible(text)
            assert "\x00" in text or len(text.strip()) > 30 or disguised, text
            _shown(answer)
    assert kept > len(NAUGHTY) // 3


def test_the_frame_of_every_page_shows_nicknames_as_text(rf):
    request = rf.get("/")
    for text in NAUGHTY:
        request.user = User(username="lin", nickname=text)
        header = Shown(render_to_string("parts/header.html", request=request))
        assert (text or "lin") in header.texts


@pytest.mark.parametrize(
    ("path", "fields", "shown"),
    [
        ("/user/login/", ["username", "password", "next"], "username"),
        ("/user/register/", ["username", "email", "password"], "id_username"),
        ("/user/register/?by=phone", ["username", "phone", "password"], "id_phone"),
        ("/user/register/again/", ["email"], "id_email"),
        ("/user/forgetpwd/", ["username"], "id_username"),
    ],
)
def test_what_strangers_type_comes_back_as_text(client, path, fields, shown):
    for text in _each():
        answer = client.post(path, dict.fromkeys(fields, text))
        assert answer.status_code == 400 or path == "/user/forgetpwd/", text
        if answer.status_code == 400:
            assert answer.context["msg"]
            assert _shown(answer).values[shown] in {text, text[:254]}, text
    assert "_auth_user_id" not in client.session
    assert not User.objects.exists()


def test_what_members_type_comes_back_as_text(member):
    """The e-mail and the phone by turns: their fields are those of the registration, which had every string in each."""
    before = User.objects.values().get()
    forms = cycle(["email", "phone"])
    for text in _each():
        form = next(forms)
        answer = member.post("/user/userown/", {"form": form, "current": text, form: text})
        assert answer.status_code == 400, text
        assert answer.context["msg"]
        assert _shown(answer).values[f"{form}-{form}"] == text, text
    assert User.objects.values().get() == before


def test_the_fields_that_are_not_shown_again(member):
    before = User.objects.values().get()
    forms = cycle(
        [
            ("/user/userown/", lambda text: {"form": "profile", "nickname": "", "language": text}),
            ("/user/userown/", lambda text: {"form": "password", "current": text, "password": text}),
            ("/user/secondfactor/", lambda text: {"form": "on", "code": text}),
            ("/user/mydata/", lambda text: {"current": text}),
        ]
    )
    for text in _each():
        path, data = next(forms)
        assert member.post(path, data(text)).status_code == 400, (path, text)
        if not text.isdecimal():  # the number of the own device signs it out
            assert member.post("/user/devices/", {"device": text}).status_code == 302, text
        assert member.post("/user/userinfo/1/", {"remove": text}).status_code == 302, text
    assert User.objects.values().get() == before
    assert member.get("/user/userown/").status_code == 200


def test_codes(client):
    now = timezone.now()
    row = services.registration.register(
        username="lin",
        email="",
        phone="+8613800138000",
        password=PASSWORD,
        language="en",
        client=services.Client("a"),
        at=now,
    )
    code = services.registration.send_code(registration=row, at=now)
    session = client.session
    session["phone_code"] = code.pk
    session.save()
    for text in _each():
        PhoneCode.objects.update(attempts=0)
        answer = client.post("/user/code/", {"code": text})
        assert answer.status_code == 400, text
        _shown(answer)
    assert not User.objects.filter(username="lin").exists()


def test_tokens(client):
    paths = cycle(["/user/active/{}/", "/user/updata/{}/", "/user/email/{}/", "/user/login/with/{}/"])
    for text in _each():
        answer = client.post(next(paths).format(quote(text, safe="")), {"password": PASSWORD})
        assert answer.status_code in {400, 404, 405}, text
    assert not User.objects.exists()


def test_reasons_for_locking_are_kept_and_shown_exactly():
    boss = make_user(username="boss", is_staff=True, is_superuser=True)
    lin = make_user(username="lin")
    for text in _each():
        User.objects.filter(pk=lin.pk).update(locked_at=None, locked_reason="")
        sent = {"action": "lock", "_selected_action": [lin.pk], "reason": text, "index": 0}
        status = ask(boss, "post", "/admin/users/user/", sent)
        lin.refresh_from_db()
        if status == 302:
            assert lin.locked_reason == text.strip()
            told = Client().post("/user/login/", {"username": "lin", "password": PASSWORD})
            assert any(text.strip() in part for part in _shown(told).texts)
        else:
            assert not lin.is_locked
            assert not text.strip() or "\x00" in text or len(text.strip()) > 200, text


def test_the_list_of_accounts_searches_for_anything(client):
    client.force_login(make_user(username="boss", is_staff=True, is_superuser=True))
    for text in NAUGHTY[::10]:
        assert client.get("/admin/users/user/", {"q": text}).status_code in {200, 302}, text
