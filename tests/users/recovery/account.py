"""The browsers of an account, and what they do on the page that lists every way into it."""

from __future__ import annotations

import time

from django.test import Client

from apps.users import services
from tests.users.conftest import PASSWORD
from tests.users.test_devices import FIREFOX

PAGE = "/user/recovery/"
NEW = "another staple entirely"


def sign_in(password: str = PASSWORD, agent: str = FIREFOX, name: str = "lin") -> Client:
    browser = Client(headers={"User-Agent": agent})
    answer = browser.post("/user/login/", {"username": name, "password": password, "next": PAGE})
    assert answer["Location"] == PAGE, answer
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/user/userown/").status_code == 200


def remove(browser: Client, what: str) -> str:
    """Press the button; returns what the page then says."""
    assert browser.post(PAGE, {"remove": what})["Location"] == PAGE
    page = browser.get(PAGE)
    return " ".join(str(message) for message in page.context["messages"]) if page.status_code == 200 else ""


def old(browser: Client) -> None:
    """As if the browser had signed in long ago."""
    session = browser.session
    session["confirmed_at"] = time.time() - 901
    session.save()


class WeChat:
    key, label = "wechat", "微信"

    def begin(self, *, back: str) -> tuple[str, dict[str, str]]:
        return f"https://wechat.example/?back={back}", {}

    def finish(self, *, back: str, answer: str, kept: dict[str, str]) -> services.identities.Person:
        return services.identities.Person("wechat", "mine", "", "")
