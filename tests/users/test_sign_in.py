"""Signing in and out."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone, translation
from django.utils.formats import date_format

from tests.factories import make_member, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "right horse battery"


@pytest.mark.parametrize("name", ["lin", "LIN@Example.com", "１３８００１３８０００", "+86 138 0013 8000"])
def test_each_name_opens_the_account(client, name):
    user = make_user(username="lin", email="lin@example.com", phone="+8613800138000")
    answer = client.post("/user/login/", {"username": name, "password": PASSWORD, "checked": "on"})
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)
    client.post("/user/logout/")
    page = client.get("/user/login/")
    assert (page.context["username"], page.context["checked"]) == (name, True)


def test_a_wrong_password_says_so_and_nothing_more(client):
    make_user(username="lin")
    wrong = client.post("/user/login/", {"username": "lin", "password": "no"})
    unknown = client.post("/user/login/", {"username": "nobody", "password": "no"})
    assert wrong.context["msg"] == unknown.context["msg"] != ""
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "javascript:alert(1)", "/\\evil.example"])
def test_next_stays_on_the_site(client, target):
    make_user(username="lin")
    answer = client.post("/user/login/", {"username": "lin", "password": PASSWORD, "next": target})
    assert answer["Location"] == "/"


def test_a_locked_account_is_out_at_once_and_told_why(client):
    user = make_user(username="lin", is_staff=True, is_superuser=True)
    client.force_login(user)
    assert client.get("/admin/").status_code == 200
    user.locked_at, user.locked_reason = timezone.now(), "盗号"
    user.save()
    assert client.get("/admin/").status_code == 302
    page = client.post("/user/login/", {"username": "lin", "password": PASSWORD})
    assert "盗号" in page.context["msg"]


def test_a_get_never_signs_out(client):
    client.force_login(make_user())
    assert client.get("/user/logout/").status_code == 200
    assert "_auth_user_id" in client.session


def test_membership_page_says_until_when(client):
    assert client.get("/user/uservip/").context["vip_time_end"] is None
    assert "account__menu" not in client.get("/user/uservip/").content.decode()
    client.force_login(make_member())
    page = client.get("/user/uservip/", headers={"Accept-Language": "en"})
    text = page.content.decode()
    with translation.override("en"):
        assert (
            f"Your VIP membership is valid until {date_format(timezone.localtime(page.context['vip_time_end']))}."
            in text
        )
    assert "account__menu" in text


@pytest.mark.parametrize("address", ["/user/userown/", "/user/mydata/"])
def test_forms_that_ask_for_a_password_say_of_which_account(client, address):
    client.force_login(make_user(username="lin"))
    forms = re.findall(r"<form.*?</form>", client.get(address).content.decode(), re.DOTALL)
    asking = [form for form in forms if 'type="password"' in form]
    assert asking
    assert [form for form in asking if 'value="lin" autocomplete="username"' not in form] == []
