"""The published addresses answer as the table of the product says."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.users.models import User
from tests.factories import make_user
from tests.users.conftest import PASSWORD

pytestmark = pytest.mark.django_db

OPEN = {
    "/user/login/": {"username", "checked"},
    "/user/register/": {"msg"},
    "/user/forgetpwd/": {"msg"},
    "/user/updatasucc/": set(),
    "/user/logout/": set(),
    "/user/uservip/": {"user_info", "types", "vip_time_end"},
}
OWN = {
    "/user/userinfo/1/": {"user_info", "types", "movies_li", "user", "movie_page", "page"},
    "/user/userown/": {"user_info", "types"},
    "/user/userorder/1/": {"orders", "types", "pages", "order_page"},
    "/user/devices/": {"user_info", "types", "devices"},
    "/user/recovery/": {"user_info", "types", "ways", "identities", "devices", "browsers"},
    "/user/confirm/": {"user_info", "types", "form"},
    "/user/secondfactor/": {"user_info", "types"},
    "/user/mydata/": {"user_info", "types"},
}


def _names(page) -> set[str]:
    return {name for layer in page.context for part in layer for name in part}


@pytest.mark.parametrize("path", OPEN)
def test_a_stranger_gets_the_page_with_its_context(client, path):
    page = client.get(path)
    assert page.status_code == 200
    assert OPEN[path] <= _names(page)
    assert "no-store" in page["Cache-Control"]
    assert client.head(path).status_code == 200


@pytest.mark.parametrize("path", OWN)
def test_a_member_gets_the_page_with_its_context(client, path):
    client.force_login(make_user())
    page = client.get(path)
    assert page.status_code == 200
    assert OWN[path] <= _names(page)
    assert "private" in page["Cache-Control"]


@pytest.mark.parametrize("path", OWN)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_asked_to_sign_in_and_comes_back(client, path, method):
    answer = getattr(client, method)(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"/user/login/?next={path}"
    make_user(username="lin")
    signed_in = client.post(answer["Location"], {"username": "lin", "password": PASSWORD})
    assert signed_in["Location"] == path


@pytest.mark.parametrize("path", ["/user/login/", "/user/register/"])
def test_a_signed_in_account_is_sent_on(client, path):
    client.force_login(make_user())
    assert client.get(path)["Location"] == "/"
    answer = client.post(path, {"username": "new", "email": "n@example.com", "password": PASSWORD})
    assert answer["Location"] == "/"
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/user/login/", "put"),
        ("/user/register/", "delete"),
        ("/user/updatasucc/", "post"),
        ("/user/uservip/", "post"),
        ("/user/mydata/export/", "get"),
        ("/user/forgetpwd/sent/", "post"),
    ],
)
def test_another_method_is_refused(client, path, method):
    client.force_login(make_user())
    assert getattr(client, method)(path).status_code == 405


@pytest.mark.parametrize("path", ["/user/login/", "/user/register/", "/user/forgetpwd/", "/user/logout/"])
def test_a_form_from_another_site_is_refused(path):
    make_user(username="lin")
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(path, {"username": "lin", "password": PASSWORD})
    assert answer.status_code == 403
    assert "_auth_user_id" not in strict.session


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/user/login/", {}),
        ("/user/login/", {"username": "lin"}),
        ("/user/login/", {"password": "x"}),
        ("/user/login/", {"username": "lin", "password": "wrong"}),
        ("/user/login/", {"username": "\x00", "password": "x"}),
        ("/user/login/", {"username": "x" * 5000, "password": "x"}),
        ("/user/login/", {"username": "lin", "password": "x" * 5000}),
        ("/user/register/", {}),
        ("/user/forgetpwd/", {}),
        ("/user/forgetpwd/", {"username": "x" * 5000}),
        ("/user/forgetpwd/", {"username": "\x00"}),
        ("/user/register/again/", {}),
    ],
)
def test_a_refused_form_says_why_and_does_nothing(client, post, kept, path, data):
    user = make_user(username="lin", email="lin@example.com")
    answer = post(path, data)
    assert answer.status_code == 400
    assert answer.context["msg"]
    assert answer.context["msg"] in answer.content.decode()
    assert "_auth_user_id" not in client.session
    assert kept.nothing()
    assert list(User.objects.all()) == [user]


def test_the_remembered_name_is_kept_only_when_wanted(client):
    make_user(username="lin")
    client.post("/user/login/", {"username": "lin", "password": PASSWORD, "checked": "on"})
    client.post("/user/logout/")
    assert client.get("/user/login/").context["username"] == "lin"
    client.post("/user/login/", {"username": "lin", "password": PASSWORD})
    client.post("/user/logout/")
    page = client.get("/user/login/")
    assert (page.context["username"], page.context["checked"]) == ("", False)


def test_signing_out_takes_the_button(client):
    client.force_login(make_user())
    key = client.session.session_key
    client.get("/user/logout/")
    assert client.get("/user/userown/").status_code == 200
    assert client.post("/user/logout/")["Location"] == "/"
    assert client.get("/user/userown/").status_code == 302
    assert not client.session.exists(key)
