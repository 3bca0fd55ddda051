"""Every way into an account stands on one page and can be taken back, by its owner only."""

from __future__ import annotations

import time
from datetime import timedelta

import pyotp
import pytest
from django.test import Client
from django.utils import timezone

from apps.users import services
from apps.users.models import (
    AccountEvent,
    AuditEntry,
    Device,
    Identity,
    KnownBrowser,
    PhoneCode,
    RecoveryCode,
    SecondFactor,
    User,
)
from tests.factories import make_user
from tests.users.conftest import PASSWORD
from tests.users.test_devices import FIREFOX, IPHONE

pytestmark = pytest.mark.django_db
PAGE = "/user/recovery/"
NEW = "another staple entirely"


def _sign_in(password: str = PASSWORD, agent: str = FIREFOX, name: str = "lin") -> Client:
    browser = Client(headers={"User-Agent": agent})
    answer = browser.post("/user/login/", {"username": name, "password": password, "next": PAGE})
    assert answer["Location"] == PAGE, answer
    return browser


def _is_in(browser: Client) -> bool:
    return browser.get("/user/userown/").status_code == 200


def _remove(browser: Client, what: str) -> str:
    """Press the button; returns what the page then says."""
    assert browser.post(PAGE, {"remove": what})["Location"] == PAGE
    page = browser.get(PAGE)
    return " ".join(str(message) for message in page.context["messages"]) if page.status_code == 200 else ""


def _old(browser: Client) -> None:
    """As if the browser had signed in long ago."""
    session = browser.session
    session["confirmed_at"] = time.time() - 901
    session.save()


@pytest.fixture
def lin() -> User:
    return make_user(
        username="lin", email="lin@example.com", phone="+8613800138000", language="en", last_login=timezone.now()
    )


@pytest.fixture
def identity(lin) -> Identity:
    return Identity.objects.create(user=lin, provider="wechat", subject="thief", created_at=timezone.now())


@pytest.fixture
def _wechat(settings):
    """A provider of the site's own, as docs/accounts.md tells how to write one."""
    from apps.users.providers import providers

    settings.SIGN_IN_PROVIDERS = ["tests.users.test_recovery.WeChat"]
    providers.cache_clear()
    yield
    providers.cache_clear()


class WeChat:
    key, label = "wechat", "微信"

    def begin(self, *, back: str) -> tuple[str, dict[str, str]]:
        return f"https://wechat.example/?back={back}", {}

    def finish(self, *, back: str, answer: str, kept: dict[str, str]) -> services.identities.Person:
        return services.identities.Person("wechat", "mine", "", "")


@pytest.mark.usefixtures("_wechat")
def test_the_page_shows_every_way_in(lin, identity, django_assert_num_queries):
    services.second_factor.begin(user=lin)
    phone, here = _sign_in(agent=IPHONE), _sign_in()
    SecondFactor.objects.update(confirmed_at=timezone.now())
    RecoveryCode.objects.create(user=lin, digest="x")
    now = timezone.now()
    User.objects.update(
        password_changed_at=now, new_email="thief@evil.example", new_email_asked_at=now, reset_mailed_at=now
    )
    PhoneCode.objects.create(
        phone=lin.phone, purpose="reset", digest="y", created_at=now, expires_at=now + timedelta(minutes=9)
    )
    with django_assert_num_queries(10):
        page = here.get(PAGE)
    shown = page.content.decode()
    for words in (
        "微信", "lin@example.com", "+8613800138000", "thief@evil.example", "1 recovery code left",
        "Mobile Safari on iOS", "Firefox on Linux", "Password reset link sent", "Verification code sent",
    ):  # fmt: skip
        assert words in shown, words
    values = {"all", "password", "identity:wechat", "factor", "email", "phone", "links"}
    values |= {f"device:{Device.objects.get(session_key=phone.session.session_key).pk}"}
    values |= {f"browser:{KnownBrowser.objects.get(user_agent=IPHONE).pk}"}
    assert {value for value in values if f'value="{value}"' not in shown} == set()
    assert shown.count('value="device:') == shown.count('value="browser:') == 1  # this browser isn't among them
    assert "no-store" in page["Cache-Control"]


def test_who_is_signed_in_on_many_devices_costs_no_more(lin, django_assert_num_queries):
    here = _sign_in()
    for _ in range(6):
        _sign_in()
    with django_assert_num_queries(9):
        here.get(PAGE)


def test_a_stranger_is_asked_to_sign_in_and_comes_back(client, lin):
    assert client.get(PAGE)["Location"] == f"/user/login/?next={PAGE}"
    assert client.post(PAGE, {"remove": "email"})["Location"] == f"/user/login/?next={PAGE}"
    assert User.objects.get().email


def test_after_a_reset_the_way_leads_here(client, post, kept, lin):
    post("/user/forgetpwd/", {"username": "lin"})
    done = post(kept.link(), {"password": NEW})["Location"]
    assert f'href="/user/login/?next={PAGE}"' in client.get(done).content.decode()
    assert User.objects.get().password_changed_at
    assert AuditEntry.objects.get().action == AccountEvent.RESET


def test_the_owner_finds_and_removes_all_that_a_thief_left(client, post, kept, lin):
    """Somebody reset the password, changed the number and connected an account; then the owner resets it again."""
    post("/user/forgetpwd/", {"username": "lin"})
    post(kept.link(), {"password": "the thief's own words"})
    thief = _sign_in("the thief's own words", IPHONE)
    services.identities.connect(
        user=User.objects.get(), person=services.identities.Person("wechat", "thief", "", ""), at=timezone.now()
    )
    User.objects.update(phone="+8613900139000")
    post("/user/forgetpwd/", {"username": "lin@example.com"})
    post(kept.link(), {"password": NEW})
    assert not _is_in(thief)
    me = _sign_in(NEW)
    shown = me.get(PAGE).content.decode()
    assert "wechat" in shown
    assert "+8613900139000" in shown
    assert "Mobile Safari on iOS" in shown  # the browser that is known still
    _remove(me, "identity:wechat")
    _remove(me, "phone")
    _remove(me, "all")
    assert _is_in(me)
    assert not Identity.objects.exists()
    assert User.objects.get().phone is None
    assert [row.user_agent for row in KnownBrowser.objects.all()] == [FIREFOX]
    assert post("/user/forgetpwd/", {"username": "13900139000"}).status_code == 302
    assert kept.texts() == []  # that number resets nothing any more
    log = AuditEntry.objects.order_by("pk").values_list("action", "details")
    assert list(log)[-3:] == [
        (AccountEvent.REMOVED, "identity: wechat"), (AccountEvent.REMOVED, "phone"), (AccountEvent.ENDED, ""),
    ]  # fmt: skip


def test_a_reset_leaves_the_second_factor_on(client, post, kept, lin):
    """Else whoever reads the mailbox gets past it. A recovery code lets its owner in."""
    services.second_factor.begin(user=lin)
    totp = pyotp.TOTP(SecondFactor.objects.get().secret)
    codes = services.second_factor.confirm(user=lin, code=totp.now(), at=timezone.now())
    post("/user/forgetpwd/", {"username": "lin"})
    post(kept.link(), {"password": NEW})
    assert client.post("/user/login/", {"username": "lin", "password": NEW})["Location"] == "/user/login/code/"
    assert "备用码" in client.get("/user/login/code/").content.decode()
    client.post("/user/login/code/", {"code": codes[0]})
    assert _is_in(client)
    _remove(client, "factor")
    assert not SecondFactor.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert _is_in(_sign_in(NEW))


@pytest.mark.parametrize("what", ["identity:wechat", "email", "phone", "factor", "links", "all", "browser"])
def test_taking_back_signs_the_others_out_and_this_one_not(lin, identity, what):
    other, here = _sign_in(agent=IPHONE), _sign_in()
    if what == "browser":
        what = f"browser:{KnownBrowser.objects.get(user_agent=IPHONE).pk}"
    key = here.session.session_key
    _remove(here, what)
    assert _is_in(here)
    assert here.session.session_key == key
    assert not _is_in(other)
    assert _is_in(_sign_in(agent=IPHONE))


def test_one_device_is_signed_out_and_the_others_stay(lin):
    here, phone, tablet = _sign_in(), _sign_in(agent=IPHONE), _sign_in()
    chosen = Device.objects.get(session_key=phone.session.session_key)
    for _ in range(2):  # twice is once
        _remove(here, f"device:{chosen.pk}")
    assert [_is_in(browser) for browser in (here, phone, tablet)] == [True, False, True]


@pytest.mark.usefixtures("_wechat")
def test_the_password_goes_where_another_way_is_left(lin, identity):
    here = _sign_in()
    _remove(here, "password")
    assert _is_in(here)
    assert not User.objects.get().has_usable_password()
    assert "only sign-in method" in _remove(here, "identity:wechat")
    assert Identity.objects.exists()


@pytest.mark.parametrize(
    ("what", "without", "says"),
    [
        ("password", {}, "only sign-in method"),  # the site has no such provider any more
        ("phone", {"email": None}, "reset"), ("email", {"phone": None}, "reset"),
    ],
)  # fmt: skip
def test_the_last_way_stays_and_it_says_so(lin, identity, what, without, says):
    User.objects.update(**without)
    here, other = _sign_in(), _sign_in()
    before = User.objects.values().get()
    assert says in _remove(here, what)
    assert User.objects.values().get() == before
    assert _is_in(here)
    assert _is_in(other)
    assert not AuditEntry.objects.filter(action=AccountEvent.REMOVED).exists()


@pytest.mark.usefixtures("_wechat")
@pytest.mark.parametrize("what", ["identity:wechat", "email", "phone", "password", "factor", "browser:1"])
def test_an_open_session_alone_takes_nothing_away(lin, identity, what):
    here = _sign_in()
    before = User.objects.values().get()
    _old(here)
    ask = here.post(PAGE, {"remove": what})["Location"]
    assert ask == "/user/confirm/?next=%2Fuser%2Frecovery%2F"
    assert here.post(ask, {"current": "wrong"}).status_code == 400
    assert here.post(PAGE, {"remove": what})["Location"] == ask
    assert User.objects.values().get() == before
    assert Identity.objects.exists()
    assert here.post(ask, {"current": PASSWORD, "next": PAGE})["Location"] == PAGE
    assert here.post(PAGE, {"remove": what})["Location"] == PAGE


def test_an_owner_in_a_hurry_is_asked_for_nothing(lin):
    other, here = _sign_in(), _sign_in()
    _old(here)
    _remove(here, "all")
    assert (_is_in(here), _is_in(other)) == (True, False)


def test_guessing_in_an_open_session_ends(lin):
    here = _sign_in()
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
    assert not _is_in(browser)
    lin.refresh_from_db()
    assert (lin.email, lin.phone, lin.is_active) == ("lin@example.com", "+8613800138000", True)


@pytest.mark.usefixtures("_wechat")
def test_an_open_session_neither_connects_nor_sees_a_secret(lin):
    here = _sign_in()
    connect = here.get("/user/mydata/").context["proof"]
    _old(here)
    assert here.get(f"/user/login/with/wechat/?proof={connect}")["Location"].startswith("/user/confirm/")
    page = here.get("/user/secondfactor/")
    assert "secret" not in page.context
    assert not SecondFactor.objects.exists()
    assert here.post("/user/secondfactor/", {"form": "on", "code": "1"})["Location"].startswith("/user/confirm/")
    fresh = _sign_in()
    assert fresh.get(f"/user/login/with/wechat/?proof={connect}")["Location"].startswith("https://wechat.example/")
    assert fresh.get("/user/secondfactor/").context["secret"]


@pytest.mark.parametrize("what", ["", "x", "identity", "identity:nobody", "device:", "device:9999999999", "browser:x"])
def test_nonsense_removes_nothing(lin, identity, what):
    here = _sign_in()
    _remove(here, what)
    assert _is_in(here)
    assert (Identity.objects.count(), Device.objects.count(), KnownBrowser.objects.count()) == (1, 1, 1)


def test_nobody_removes_anything_of_anybody_else(lin, identity):
    make_user(username="chen", email="chen@example.com")
    mine, theirs = _sign_in(), _sign_in(name="chen")
    for what in (f"device:{Device.objects.get(user=lin).pk}", f"browser:{KnownBrowser.objects.get(user=lin).pk}",
                 "identity:wechat", "all"):  # fmt: skip
        _remove(theirs, what)
    assert _is_in(mine)
    assert Identity.objects.exists()
    assert KnownBrowser.objects.filter(user=lin).exists()


def test_a_pending_e_mail_is_shown_and_cancelled(post, kept, lin):
    here = _sign_in()
    post("/user/userown/", {"form": "email", "email": "new@example.com", "current": PASSWORD}, by=here)
    link = kept.link()
    assert "new@example.com" in here.get(PAGE).content.decode()
    _remove(here, "links")
    assert "new@example.com" not in here.get(PAGE).content.decode()
    assert Client().post(link).status_code == 400
    post("/user/userown/", {"form": "email", "email": "new@example.com", "current": PASSWORD}, by=here)
    assert Client().post(kept.link()).status_code == 200
    assert User.objects.get().email == "new@example.com"


@pytest.mark.parametrize("what", ["phone", "links", "all", "identity:wechat"])
def test_a_reset_that_is_under_way_dies_with_what_is_taken_back(client, post, kept, lin, identity, what):
    """A thief proved the number, and waits with the page for a new password open."""
    post("/user/forgetpwd/", {"username": "13800138000"})
    reset = post("/user/code/", {"code": kept.code()})["Location"]
    texted = Client()
    post("/user/forgetpwd/", {"username": "13800138000"}, by=texted)
    code = kept.code()
    here = _sign_in()
    _remove(here, what)
    assert client.post(reset, {"password": NEW}).status_code == 400
    assert not texted.post("/user/code/", {"code": code})["Location"].startswith("/user/updata/")
    assert User.objects.get().check_password(PASSWORD)


def test_a_second_step_that_waits_dies_too(lin):
    services.second_factor.begin(user=lin)
    here = _sign_in()
    SecondFactor.objects.update(confirmed_at=timezone.now())
    waiting = Client()
    waiting.post("/user/login/", {"username": "lin", "password": PASSWORD})
    _remove(here, "all")
    code = pyotp.TOTP(SecondFactor.objects.get().secret).now()
    assert waiting.post("/user/login/code/", {"code": code})["Location"] == "/user/login/"
    assert not _is_in(waiting)


@pytest.mark.parametrize("rotated", [False, True])
def test_a_session_renewed_while_it_is_read_stays(rf, lin, settings, rotated):
    """Another request of the same browser stored a new hash between this one's reading it and the account."""
    from apps.users.middleware import _find

    here = _sign_in()
    request = rf.get(PAGE)
    request.session = type(here.session)(here.session.session_key)
    assert request.session["_auth_user_hash"]  # read
    _remove(here, "all")
    if rotated:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key" * 6, [settings.SECRET_KEY]
    assert _find(request) == lin
    assert _is_in(here)
    _remove(_sign_in(), "all")  # and one that was signed out is out
    assert _find(request).is_anonymous
    assert not _is_in(here)


def test_a_sign_in_under_way_needs_the_second_factor_that_was_turned_on_meanwhile(rf, lin):
    from apps.users import services

    services.second_factor.begin(user=lin)
    SecondFactor.objects.update(confirmed_at=timezone.now())
    request = rf.get("/")
    request.session = Client().session
    given = {"user": lin, "browser": "x", "address": "", "language": "", "at": timezone.now()}
    with pytest.raises(services.credentials.CredentialsChanged):
        services.sign_in.start_session(request=request, coded=False, **given)
    assert not Device.objects.exists()
    services.sign_in.start_session(request=request, coded=True, **given)
    assert Device.objects.exists()


def test_a_request_under_way_adds_no_way_in_to_what_was_taken_back(lin):
    """It found the account before, and writes after."""
    before = User.objects.get()
    here = _sign_in()
    services.second_factor.begin(user=lin)
    _remove(here, "all")
    now = timezone.now()
    code = pyotp.TOTP(SecondFactor.objects.get().secret).now()
    for add in (
        lambda: services.identities.connect(
            user=before, person=services.identities.Person("wechat", "thief", "", ""), at=now
        ),
        lambda: services.contacts.request_email_change(user=before, email="thief@evil.example", at=now),
        lambda: services.second_factor.confirm(user=before, code=code, at=now),
        lambda: services.second_factor.renew_recovery_codes(user=before),
    ):
        with pytest.raises(services.credentials.CredentialsChanged):
            add()
    assert not Identity.objects.exists()
    assert not services.second_factor.is_on(user=lin)
    services.identities.connect(
        user=User.objects.get(), person=services.identities.Person("wechat", "mine", "", ""), at=now
    )
