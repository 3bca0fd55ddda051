"""The browsers an account is signed in on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from apps.users import services
from apps.users.models import Device
from tests.factories import make_user
from tests.users.conftest import PASSWORD

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)


def _browser(agent: str = FIREFOX, name: str = "lin") -> Client:
    browser = Client(headers={"User-Agent": agent})
    assert browser.post("/user/login/", {"username": name, "password": PASSWORD}).status_code == 302
    return browser


def _is_in(browser: Client) -> bool:
    return browser.get("/user/userown/").status_code == 200


@pytest.fixture(autouse=True)
def _lin() -> None:
    make_user(username="lin", language="en")


def test_devices_are_listed_this_one_first_and_without_a_place():
    phone, here = _browser(IPHONE), _browser()
    page = here.get("/user/devices/")
    assert [row["name"] for row in page.context["devices"]] == [("Firefox", "Linux"), ("Mobile Safari", "iOS")]
    assert [row["current"] for row in page.context["devices"]] == [True, False]
    assert "127.0.0.1" not in page.content.decode()
    assert _is_in(phone)


def test_one_device_is_signed_out_and_the_others_stay():
    here, phone, tablet = _browser(), _browser(IPHONE), _browser()
    chosen = Device.objects.get(session_key=phone.session.session_key)
    here.post("/user/devices/", {"device": chosen.pk})
    assert [_is_in(browser) for browser in (here, phone, tablet)] == [True, False, True]
    assert here.get("/user/devices/").status_code == 200
    here.post("/user/devices/", {"device": chosen.pk})  # twice is once
    assert _is_in(tablet)


def test_all_others_are_signed_out():
    here, phone, tablet = _browser(), _browser(IPHONE), _browser()
    here.post("/user/devices/", {"others": "1"})
    assert [_is_in(browser) for browser in (here, phone, tablet)] == [True, False, False]


@pytest.mark.parametrize("device", ["x", "-1", "0", "9" * 40, "１", "\x00", ""])
def test_nonsense_signs_nobody_out(device):
    here, phone = _browser(), _browser(IPHONE)
    assert here.post("/user/devices/", {"device": device}).status_code == 302
    assert _is_in(here)
    assert _is_in(phone)


def test_nobody_signs_out_anybody_else():
    make_user(username="chen")
    lin, chen = _browser(), _browser(name="chen")
    device = Device.objects.get(session_key=chen.session.session_key)
    lin.post("/user/devices/", {"device": device.pk})
    assert _is_in(chen)
    lin.post("/user/devices/", {"others": "1"})
    assert _is_in(chen)


def test_signing_in_takes_a_fresh_session_key():
    browser = Client()
    browser.get("/user/login/")
    session = browser.session
    session["planted"] = "by somebody else"
    session.save()
    planted = session.session_key
    browser.post("/user/login/", {"username": "lin", "password": PASSWORD})
    assert browser.session.session_key != planted
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert not _is_in(thief)


def test_a_flushed_redis_signs_nobody_out():
    browser = _browser()
    cache.clear()
    assert _is_in(browser)


def test_when_a_device_was_seen_is_noted_every_few_minutes():
    browser = _browser()
    Device.objects.update(last_seen_at=timezone.now() - timedelta(hours=1))
    cache.clear()  # as after some minutes
    assert _is_in(browser)
    first = Device.objects.get().last_seen_at
    assert timezone.now() - first < timedelta(seconds=30)
    assert _is_in(browser)
    assert Device.objects.get().last_seen_at == first


def test_lapsed_sessions_take_their_devices_along():
    browser = _browser()
    services.cleanup.delete_expired(at=timezone.now())
    assert Device.objects.count() == 1
    assert _is_in(browser)
    services.cleanup.delete_expired(at=timezone.now() + timedelta(days=30))
    assert not Device.objects.exists()


def test_signing_out_removes_the_device():
    browser = _browser()
    browser.post("/user/logout/")
    assert not Device.objects.exists()
