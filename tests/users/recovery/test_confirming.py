"""An open session alone removes, connects and reveals nothing: the password comes first."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.users.models import Identity, SecondFactor, User
from tests.users.conftest import PASSWORD
from tests.users.recovery.account import NEW, PAGE, is_in, old, remove, sign_in

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("_wechat")
@pytest.mark.parametrize("what", ["identity:wechat", "email", "phone", "password", "factor", "browser:1"])
def test_an_open_session_alone_takes_nothing_away(lin, identity, what):
    here = sign_in()
    before = User.objects.values().get()
    old(here)
    ask = here.post(PAGE, {"remove": what})["Location"]
    assert ask == "/user/confirm/?next=%2Fuser%2Frecovery%2F"
    assert here.post(ask, {"current": "wrong"}).status_code == 400
    assert here.post(PAGE, {"remove": what})["Location"] == ask
    assert User.objects.values().get() == before
    assert Identity.objects.exists()
    assert here.post(ask, {"current": PASSWORD, "next": PAGE})["Location"] == PAGE
    assert here.post(PAGE, {"remove": what})["Location"] == PAGE


def test_an_owner_in_a_hurry_is_asked_for_nothing(lin):
    other, here = sign_in(), sign_in()
    old(here)
    remove(here, "all")
    assert (is_in(here), is_in(other)) == (True, False)


def test_guessing_in_an_open_session_ends(lin):
    here = sign_in()
    answers = [here.post("/user/confirm/", {"current": f"guess {n}"}).status_code for n in range(11)]
    assert answers == [400] * 10 + [429]


@pytest.mark.usefixtures("_wechat")
def test_without_a_password_signing_in_once_more_confirms(lin, identity):
    lin.set_unusable_password()
    lin.save()
    browser = Client(headers={"Accept-Language": "en"})
    browser.force_login(lin)
    for path, sent in (
        (PAGE, {"remove": "phone"}), ("/user/userown/", {"form": "email", "email": "thief@example.com"}),
        ("/user/userown/", {"form": "password", "password": NEW}), ("/user/mydata/", {}),
        ("/user/secondfactor/", {"form": "on", "code": "000000"}), ("/user/mydata/disconnect/wechat/", {}),
    ):  # fmt: skip
        assert browser.post(path, sent)["Location"].startswith("/user/confirm/"), path
    assert "Sign in again" in browser.get(f"/user/confirm/?next={PAGE}").content.decode()
    again = browser.post("/user/confirm/", {"again": "1", "next": PAGE})
    assert again["Location"] == "/user/login/?next=%2Fuser%2Frecovery%2F"
    assert not is_in(browser)
    lin.refresh_from_db()
    assert (lin.email, lin.phone, lin.is_active) == ("lin@example.com", "+8613800138000", True)


@pytest.mark.usefixtures("_wechat")
def test_an_open_session_neither_connects_nor_sees_a_secret(lin):
    here = sign_in()
    connect = here.get("/user/mydata/").context["proof"]
    old(here)
    assert here.get(f"/user/login/with/wechat/?proof={connect}")["Location"].startswith("/user/confirm/")
    page = here.get("/user/secondfactor/")
    assert "secret" not in page.context
    assert not SecondFactor.objects.exists()
    assert here.post("/user/secondfactor/", {"form": "on", "code": "1"})["Location"].startswith("/user/confirm/")
    fresh = sign_in()
    assert fresh.get(f"/user/login/with/wechat/?proof={connect}")["Location"].startswith("https://wechat.example/")
    assert fresh.get("/user/secondfactor/").context["secret"]
