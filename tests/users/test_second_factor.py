"""Signing in with a code as well."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from django.test import Client
from django.utils import timezone

from apps.users import services
from apps.users.models import RecoveryCode, SecondFactor, User
from tests.factories import make_user
from tests.users.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def _code(user: User, *, steps: int = 0) -> str:
    at = timezone.now() + timedelta(seconds=30 * steps)
    return pyotp.TOTP(SecondFactor.objects.get(user=user).secret).at(at)


def _turn_on(user: User) -> list[str]:
    services.second_factor.begin(user=user)
    return services.second_factor.confirm(user=user, code=_code(user, steps=-1), at=timezone.now())


def _password(browser: Client, target: str = "/"):
    return browser.post("/user/login/", {"username": "lin", "password": PASSWORD, "next": target})


@pytest.fixture
def lin() -> User:
    return make_user(username="lin", language="en")


def test_it_is_turned_on_by_a_first_code(client, lin):
    _password(client)
    elsewhere = Client()
    _password(elsewhere)
    page = client.get("/user/secondfactor/")
    assert page.context["secret"] in page.content.decode()
    assert not services.second_factor.is_on(user=lin)
    assert client.post("/user/secondfactor/", {"form": "on", "code": "000000"}).status_code == 400
    assert not services.second_factor.is_on(user=lin)
    shown = client.post("/user/secondfactor/", {"form": "on", "code": _code(lin)})
    codes = re.findall(r"<li>(\w{5}-\w{5})</li>", shown.content.decode())
    assert len(set(codes)) == 10
    assert services.second_factor.is_on(user=lin)
    assert not any(code.replace("-", "") in str(RecoveryCode.objects.values_list()) for code in codes)
    assert client.get("/user/userown/").status_code == 200
    assert elsewhere.get("/user/userown/").status_code == 302  # signed in with less


def test_the_password_alone_opens_nothing(client, lin):
    _turn_on(lin)
    answer = _password(client, "/user/userown/")
    assert answer["Location"] == "/user/login/code/"
    assert client.get("/user/userown/").status_code == 302
    assert "_auth_user_id" not in client.session
    wrong = client.post("/user/login/code/", {"code": "000000"})
    assert wrong.status_code == 400
    assert wrong.context["msg"]
    right = client.post("/user/login/code/", {"code": _code(lin)})
    assert right["Location"] == "/user/userown/"
    assert client.get("/user/userown/").status_code == 200


def test_a_code_works_once(client, lin):
    _turn_on(lin)
    code = _code(lin)
    _password(client)
    assert client.post("/user/login/code/", {"code": code}).status_code == 302
    other = Client()
    _password(other)
    assert other.post("/user/login/code/", {"code": code}).status_code == 400


def test_a_recovery_code_stands_in_once(client, lin):
    codes = _turn_on(lin)
    _password(client)
    assert client.post("/user/login/code/", {"code": f" {codes[0].upper()} "}).status_code == 302
    other = Client()
    _password(other)
    assert other.post("/user/login/code/", {"code": codes[0]}).status_code == 400
    assert other.post("/user/login/code/", {"code": codes[1].replace("-", "")}).status_code == 302


def test_guessing_codes_ends(client, lin):
    _turn_on(lin)
    _password(client)
    answers = [client.post("/user/login/code/", {"code": f"{n:06}"}).status_code for n in range(12)]
    assert answers.count(429) == 2
    assert client.post("/user/login/code/", {"code": _code(lin)}).status_code == 429


def test_the_second_step_needs_the_password_first(client, lin):
    _turn_on(lin)
    assert client.get("/user/login/code/")["Location"] == "/user/login/"
    assert client.post("/user/login/code/", {"code": _code(lin)})["Location"] == "/user/login/"
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("change", ["password", "locked", "deleted"])
def test_what_changes_meanwhile_counts(client, lin, change):
    _turn_on(lin)
    _password(client)
    if change == "password":
        lin.set_password("another staple entirely")
    lin.locked_at = timezone.now() if change == "locked" else None
    lin.is_active = change != "deleted"
    lin.save()
    assert client.post("/user/login/code/", {"code": _code(lin)})["Location"] == "/user/login/"
    assert "_auth_user_id" not in client.session


def test_turning_it_off_takes_the_password(client, lin):
    _turn_on(lin)
    _password(client)
    client.post("/user/login/code/", {"code": _code(lin)})
    refused = client.post("/user/secondfactor/", {"form": "off", "current": "wrong"})
    assert refused.status_code == 400
    assert services.second_factor.is_on(user=lin)
    assert client.post("/user/secondfactor/", {"form": "off", "current": PASSWORD}).status_code == 302
    assert not services.second_factor.is_on(user=lin)
    assert not RecoveryCode.objects.exists()
    assert _password(Client())["Location"] == "/"


def test_new_recovery_codes_replace_the_old(client, lin):
    old = _turn_on(lin)
    _password(client)
    client.post("/user/login/code/", {"code": _code(lin)})
    shown = client.post("/user/secondfactor/", {"form": "renew", "current": PASSWORD})
    fresh = re.findall(r"<li>(\w{5}-\w{5})</li>", shown.content.decode())
    other = Client()
    _password(other)
    assert other.post("/user/login/code/", {"code": old[0]}).status_code == 400
    assert other.post("/user/login/code/", {"code": fresh[0]}).status_code == 302


def test_an_operator_can_require_it_of_staff(client, settings):
    settings.STAFF_SECOND_FACTOR = True
    boss = make_user(username="lin", is_staff=True, is_superuser=True)
    _password(client)
    assert client.get("/admin/")["Location"] == "/user/secondfactor/"
    client.get("/user/secondfactor/")
    client.post("/user/secondfactor/", {"form": "on", "code": _code(boss)})
    assert client.get("/admin/").status_code == 200
    member = Client()
    make_user(username="member")
    member.post("/user/login/", {"username": "member", "password": PASSWORD})
    assert member.get("/user/userown/").status_code == 200  # members are asked for nothing
