"""One page lists every way into an account; after a reset it is where the owner arrives."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
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
from tests.users.recovery.account import NEW, PAGE, is_in, remove, sign_in
from tests.users.test_devices import FIREFOX, IPHONE

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("_wechat")
def test_the_page_shows_every_way_in(lin, identity, django_assert_num_queries):
    services.second_factor.begin(user=lin)
    phone, here = sign_in(agent=IPHONE), sign_in()
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


def test_many_devices_cost_no_more_queries(lin, django_assert_num_queries):
    here = sign_in()
    for _ in range(6):
        sign_in()
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
    thief = sign_in("the thief's own words", IPHONE)
    services.identities.connect(
        user=User.objects.get(), person=services.identities.Person("wechat", "thief", "", ""), at=timezone.now()
    )
    User.objects.update(phone="+8613900139000")
    post("/user/forgetpwd/", {"username": "lin@example.com"})
    post(kept.link(), {"password": NEW})
    assert not is_in(thief)
    me = sign_in(NEW)
    shown = me.get(PAGE).content.decode()
    assert "wechat" in shown
    assert "+8613900139000" in shown
    assert "Mobile Safari on iOS" in shown  # the browser that is known still
    remove(me, "identity:wechat")
    remove(me, "phone")
    remove(me, "all")
    assert is_in(me)
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
    """Otherwise anyone with access to the mailbox would get past it. The owner can use a recovery code."""
    services.second_factor.begin(user=lin)
    totp = pyotp.TOTP(SecondFactor.objects.get().secret)
    codes = services.second_factor.confirm(user=lin, code=totp.now(), at=timezone.now())
    post("/user/forgetpwd/", {"username": "lin"})
    post(kept.link(), {"password": NEW})
    assert client.post("/user/login/", {"username": "lin", "password": NEW})["Location"] == "/user/login/code/"
    assert "备用码" in client.get("/user/login/code/").content.decode()
    client.post("/user/login/code/", {"code": codes[0]})
    assert is_in(client)
    remove(client, "factor")
    assert not SecondFactor.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert is_in(sign_in(NEW))
