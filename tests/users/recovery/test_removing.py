"""Each way into an account can be removed, by its owner only, as long as another one is left."""

from __future__ import annotations

import pytest

from apps.users.models import AccountEvent, AuditEntry, Device, Identity, KnownBrowser, User
from tests.factories import make_user
from tests.users.recovery.account import is_in, remove, sign_in
from tests.users.test_devices import IPHONE

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("what", ["identity:wechat", "email", "phone", "factor", "links", "all", "browser"])
def test_taking_back_signs_the_others_out_and_this_one_not(lin, identity, what):
    other, here = sign_in(agent=IPHONE), sign_in()
    if what == "browser":
        what = f"browser:{KnownBrowser.objects.get(user_agent=IPHONE).pk}"
    key = here.session.session_key
    remove(here, what)
    assert is_in(here)
    assert here.session.session_key == key
    assert not is_in(other)
    assert is_in(sign_in(agent=IPHONE))


def test_one_device_is_signed_out_and_the_others_stay(lin):
    here, phone, tablet = sign_in(), sign_in(agent=IPHONE), sign_in()
    chosen = Device.objects.get(session_key=phone.session.session_key)
    for _ in range(2):  # twice is once
        remove(here, f"device:{chosen.pk}")
    assert [is_in(browser) for browser in (here, phone, tablet)] == [True, False, True]


@pytest.mark.usefixtures("_wechat")
def test_the_password_goes_where_another_way_is_left(lin, identity):
    here = sign_in()
    remove(here, "password")
    assert is_in(here)
    assert not User.objects.get().has_usable_password()
    assert "only sign-in method" in remove(here, "identity:wechat")
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
    here, other = sign_in(), sign_in()
    before = User.objects.values().get()
    assert says in remove(here, what)
    assert User.objects.values().get() == before
    assert is_in(here)
    assert is_in(other)
    assert not AuditEntry.objects.filter(action=AccountEvent.REMOVED).exists()


@pytest.mark.parametrize("what", ["", "x", "identity", "identity:nobody", "device:", "device:9999999999", "browser:x"])
def test_nonsense_removes_nothing(lin, identity, what):
    here = sign_in()
    remove(here, what)
    assert is_in(here)
    assert (Identity.objects.count(), Device.objects.count(), KnownBrowser.objects.count()) == (1, 1, 1)


def test_nobody_removes_anything_of_anybody_else(lin, identity):
    make_user(username="chen", email="chen@example.com")
    mine, theirs = sign_in(), sign_in(name="chen")
    for what in (f"device:{Device.objects.get(user=lin).pk}", f"browser:{KnownBrowser.objects.get(user=lin).pk}",
                 "identity:wechat", "all"):  # fmt: skip
        remove(theirs, what)
    assert is_in(mine)
    assert Identity.objects.exists()
    assert KnownBrowser.objects.filter(user=lin).exists()
