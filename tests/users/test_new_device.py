"""A sign-in from an unknown browser is mailed to the owner, whichever way of signing in was used."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.users import services
from apps.users.models import AccountEvent, AuditEntry, KnownBrowser, OutgoingMail, User
from tests.factories import make_user
from tests.users.conftest import PASSWORD
from tests.users.test_devices import FIREFOX, IPHONE
from tests.users.test_second_factor import _code, _turn_on

pytestmark = pytest.mark.django_db
NEW = "another staple entirely"


@pytest.fixture
def lin() -> User:
    """Signed up long ago, and has signed in since."""
    return make_user(
        username="lin", email="lin@example.com", phone="+8613800138000", language="en", last_login=timezone.now()
    )


@pytest.fixture
def enter(post):
    """Sign a browser in with name and password."""

    def do(browser: Client, password: str = PASSWORD, **extra: str) -> Client:
        sent = {"username": "lin", "password": password, "next": "/user/userown/"}
        assert post("/user/login/", sent, by=browser, **extra).status_code == 302
        return browser

    return do


def _told(kept) -> list[str]:
    return [mail["text"] for mail in kept.mails() if "signed in to your account from a new browser" in mail["text"]]


def test_the_mail_says_what_where_and_when_and_leads_to_the_recovery_page(kept, enter, lin, settings):
    settings.TRUSTED_PROXIES = ["127.0.0.1/32"]
    enter(Client(headers={"User-Agent": IPHONE}), HTTP_X_FORWARDED_FOR="203.0.113.7")
    [text] = _told(kept)
    assert kept.mails()[0]["to"] == "lin@example.com"
    assert "Mobile Safari on iOS" in text
    assert "203.0.113.7" in text
    assert f"{settings.SITE_URL}/user/recovery/" in text
    assert "Mobile Safari on iOS" in kept.mails()[0]["html"]
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.actor, entry.address) == (AccountEvent.NEW_DEVICE, lin, "203.0.113.7")


def test_it_speaks_the_owners_language(kept, enter, lin):
    User.objects.update(language="zh-hans")
    enter(Client(headers={"User-Agent": FIREFOX}))
    assert "新设备" in kept.mails()[0]["subject"]
    assert "Firefox（Linux）" in kept.mails()[0]["text"] or "Firefox" in kept.mails()[0]["text"]


def test_a_known_browser_is_not_told_of(kept, enter, lin):
    mine = enter(Client())
    assert len(_told(kept)) == 1
    for _ in range(3):
        mine.post("/user/logout/")
        enter(mine)
    assert len(_told(kept)) == 1
    enter(Client())
    assert len(_told(kept)) == 2


def test_the_first_device_after_signing_up_is_not_told_of_the_second_is(client, kept, post, enter):
    client.cookies["django_language"] = "en"
    post("/user/register/", {"username": "lin", "email": "lin@example.com", "password": PASSWORD})
    client.post(kept.link())
    enter(client)
    assert _told(kept) == []
    enter(Client())
    assert len(_told(kept)) == 1


@pytest.mark.parametrize("last_login", [None, timezone.now()])
def test_a_reset_makes_no_browser_known(client, kept, post, enter, lin, last_login):
    User.objects.update(last_login=last_login)
    post("/user/forgetpwd/", {"username": "lin"})
    post(kept.link(), {"password": NEW})
    assert "known" not in client.cookies
    enter(client, NEW)
    assert len(_told(kept)) == 1


def test_a_reset_by_text_message_neither(client, kept, post, enter, lin):
    post("/user/forgetpwd/", {"username": "13800138000"})
    reset = post("/user/code/", {"code": kept.code()})["Location"]
    post(reset, {"password": NEW})
    enter(client, NEW)
    assert len(_told(kept)) == 1


def test_with_a_second_factor_it_is_told_once_it_is_given(client, kept, post, enter, lin):
    _turn_on(lin)
    enter(client)
    assert _told(kept) == []
    post("/user/login/code/", {"code": _code(lin)})
    assert len(_told(kept)) == 1


def test_a_sign_in_elsewhere_is_told(rf, kept, lin, django_capture_on_commit_callbacks):
    """The function that every provider ends in; tests/users/test_oidc.py covers a real one."""
    from apps.users.views.oidc import _enter

    services.identities.connect(user=lin, person=services.identities.Person("oidc", "s-1", "", ""), at=timezone.now())
    browser = Client()
    request = rf.get("/user/login/with/oidc/back/")
    request.session = browser.session
    request.user = None
    with django_capture_on_commit_callbacks(execute=True):
        _enter(request, services.identities.Person("oidc", "s-1", "", ""), "/")
    assert len(_told(kept)) == 1


def test_staff_are_told_alike(kept, enter, lin):
    User.objects.update(is_staff=True, is_superuser=True)
    enter(Client())
    assert len(_told(kept)) == 1


def test_a_wrong_password_is_not_told(post, kept, lin):
    post("/user/login/", {"username": "lin", "password": "wrong"})
    assert kept.nothing()
    assert not KnownBrowser.objects.exists()


def test_a_forged_or_foreign_cookie_makes_nobody_known(kept, enter, lin):
    make_user(username="chen", email="chen@example.com")
    mine, other = enter(Client()), Client()
    other.post("/user/login/", {"username": "chen", "password": PASSWORD})
    before = len(_told(kept))
    for value in ("", "x", f'[[{lin.pk},"x"]]:1:signature', other.cookies["known"].value):
        thief = Client()
        thief.cookies["known"] = value
        enter(thief)
    assert len(_told(kept)) == before + 4
    stolen = Client()
    stolen.cookies["known"] = mine.cookies["known"].value  # somebody at the browser itself
    enter(stolen)
    assert len(_told(kept)) == before + 4


def test_a_mailbox_is_not_filled(kept, enter, lin):
    for _ in range(12):
        enter(Client())
    assert len(_told(kept)) == 10
    assert OutgoingMail.objects.count() == 10


def test_browsers_are_bounded_and_lapse(enter, lin):
    for _ in range(22):
        enter(Client())
    assert KnownBrowser.objects.count() == 20
    services.cleanup.delete_expired(at=timezone.now() + timedelta(days=364))
    assert KnownBrowser.objects.count() == 20
    services.cleanup.delete_expired(at=timezone.now() + timedelta(days=366))
    assert not KnownBrowser.objects.exists()


def test_an_account_without_a_mailbox_signs_in_all_the_same(enter, lin):
    User.objects.update(email=None)
    assert enter(Client()).get("/user/userown/").status_code == 200
    assert not OutgoingMail.objects.exists()
