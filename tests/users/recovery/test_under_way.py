"""Removing a way in also ends what is under way: resets, pending addresses, second steps, other requests."""

from __future__ import annotations

import pyotp
import pytest
from django.test import Client
from django.utils import timezone

from apps.users import services
from apps.users.models import Device, Identity, SecondFactor, User
from tests.users.conftest import PASSWORD
from tests.users.recovery.account import NEW, PAGE, is_in, remove, sign_in

pytestmark = pytest.mark.django_db


def test_a_pending_e_mail_is_shown_and_cancelled(post, kept, lin):
    here = sign_in()
    post("/user/userown/", {"form": "email", "email": "new@example.com", "current": PASSWORD}, by=here)
    link = kept.link()
    assert "new@example.com" in here.get(PAGE).content.decode()
    remove(here, "links")
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
    here = sign_in()
    remove(here, what)
    assert client.post(reset, {"password": NEW}).status_code == 400
    assert not texted.post("/user/code/", {"code": code})["Location"].startswith("/user/updata/")
    assert User.objects.get().check_password(PASSWORD)


def test_a_second_step_that_waits_dies_too(lin):
    services.second_factor.begin(user=lin)
    here = sign_in()
    SecondFactor.objects.update(confirmed_at=timezone.now())
    waiting = Client()
    waiting.post("/user/login/", {"username": "lin", "password": PASSWORD})
    remove(here, "all")
    code = pyotp.TOTP(SecondFactor.objects.get().secret).now()
    assert waiting.post("/user/login/code/", {"code": code})["Location"] == "/user/login/"
    assert not is_in(waiting)


@pytest.mark.parametrize("rotated", [False, True])
def test_a_session_renewed_while_it_is_read_stays(rf, lin, settings, rotated):
    """Another request of the same browser stored a new hash between this one's reading it and the account."""
    from apps.users.middleware import _find

    here = sign_in()
    request = rf.get(PAGE)
    request.session = type(here.session)(here.session.session_key)
    assert request.session["_auth_user_hash"]  # read
    remove(here, "all")
    if rotated:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key" * 6, [settings.SECRET_KEY]
    assert _find(request) == lin
    assert is_in(here)
    remove(sign_in(), "all")  # and one that was signed out is out
    assert _find(request).is_anonymous
    assert not is_in(here)


def test_a_sign_in_under_way_needs_the_second_factor_that_was_turned_on_meanwhile(rf, lin):
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
    """The request loaded the account before the removal, and writes after it."""
    before = User.objects.get()
    here = sign_in()
    services.second_factor.begin(user=lin)
    remove(here, "all")
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
