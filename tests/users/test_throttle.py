"""Too many attempts have to wait; nobody waits because of somebody else's."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.users.models import PhoneCode, Registration
from tests.factories import make_user
from tests.users.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def _behind_a_proxy(settings):
    settings.TRUSTED_PROXIES = ["127.0.0.1/32"]


def _try(name: str, password: str = "", *, address: str = "203.0.113.1", by: Client | None = None):
    return (by or Client()).post(
        "/user/login/", {"username": name, "password": password or "wrong"}, headers={"X-Forwarded-For": address}
    )


@pytest.mark.usefixtures("_behind_a_proxy")
def test_guessing_at_one_account_waits_and_says_how_long():
    make_user(username="lin")
    assert [_try("lin").status_code for _ in range(5)] == [400] * 5
    answer = _try("lin", PASSWORD)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 900
    assert answer.context["msg"]
    assert "_auth_user_id" not in answer.client.session


@pytest.mark.usefixtures("_behind_a_proxy")
def test_an_unknown_account_is_throttled_alike():
    make_user(username="lin")
    assert [_try("nobody").status_code for _ in range(6)] == [_try("lin").status_code for _ in range(6)]


@pytest.mark.usefixtures("_behind_a_proxy")
def test_all_three_names_count_as_one_account():
    make_user(username="lin", email="lin@example.com", phone="+8613800138000")
    for name in ("lin", "LIN", "lin@example.com", "Lin@Example.com", "13800138000"):
        _try(name)
    assert _try("+86 13800138000").status_code == 429


@pytest.mark.slow
@pytest.mark.usefixtures("_behind_a_proxy")
def test_an_attacker_locks_nobody_out():
    make_user(username="lin")
    for number in range(1, 60):  # a botnet
        for _ in range(6):
            _try("lin", address=f"198.51.100.{number}")
    assert _try("lin", PASSWORD, address="203.0.113.9").status_code == 302


@pytest.mark.usefixtures("_behind_a_proxy")
def test_a_botnet_gets_fewer_tries_from_each_address():
    make_user(username="lin")
    answers = [[_try("lin", address=f"198.51.100.{n}").status_code for _ in range(6)].count(400) for n in range(1, 12)]
    assert answers[0] == 5
    assert answers[-1] == 2


@pytest.mark.usefixtures("_behind_a_proxy")
def test_a_device_that_was_signed_in_before_is_no_stranger():
    make_user(username="lin")
    mine = Client()
    assert _try("lin", PASSWORD, by=mine).status_code == 302
    mine.post("/user/logout/")
    for number in range(40):  # somebody else behind the same address
        _try("lin")
        _try(f"other{number}")
    assert _try("chen").status_code == 429
    assert _try("lin", PASSWORD, by=mine).status_code == 302


@pytest.mark.usefixtures("_behind_a_proxy")
def test_a_forged_cookie_makes_nobody_known():
    user = make_user(username="lin")
    for _ in range(5):
        _try("lin")
    forger = Client()
    forger.cookies["known"] = f'[[{user.pk},"x"]]:1:signature'
    assert _try("lin", by=forger).status_code == 429


@pytest.mark.usefixtures("_behind_a_proxy")
def test_success_costs_nothing():
    make_user(username="lin")
    assert {_try("lin", PASSWORD).status_code for _ in range(12)} == {302}


@pytest.mark.usefixtures("_behind_a_proxy")
def test_one_address_is_bounded_over_all_accounts():
    answers = [_try(f"user{n}").status_code for n in range(35)]
    assert answers.count(400) == 30
    assert answers[-1] == 429
    assert _try("user1", address="203.0.113.2").status_code == 400


def test_without_trusted_proxies_the_header_is_worth_nothing():
    make_user(username="lin")
    answers = [_try("lin", address=f"198.51.100.{n}").status_code for n in range(6)]
    assert answers[-1] == 429


@pytest.mark.usefixtures("_behind_a_proxy")
def test_what_a_client_writes_into_the_header_is_worth_nothing():
    make_user(username="lin")
    answers = [_try("lin", address=f"10.0.0.{n}, 203.0.113.5").status_code for n in range(6)]
    assert answers[-1] == 429


@pytest.mark.usefixtures("_behind_a_proxy")
def test_one_ipv6_subscriber_is_one_client():
    make_user(username="lin")
    answers = [_try("lin", address=f"2001:db8:1:2::{n:x}").status_code for n in range(1, 7)]
    assert answers[-1] == 429


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/user/register/", {"username": "lin", "email": "lin@example.com", "password": PASSWORD}),
        ("/user/register/again/", {"email": "lin@example.com"}),
        ("/user/forgetpwd/", {"username": "lin@example.com"}),
        ("/user/forgetpwd/", {"username": "13800138000"}),
    ],
)
def test_mails_and_codes_are_bounded(post, kept, path, data):
    make_user(username="chen", email="lin@example.com", phone="+8613800138000")
    answers = [post(path, data, by=Client()) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 4 + [429] * 2
    assert int(answers[-1]["Retry-After"]) > 0
    assert answers[-1].context["msg"]
    assert len(kept.mails()) + len(kept.texts()) <= 4
    assert Registration.objects.count() <= 4
    assert PhoneCode.objects.count() <= 4


@pytest.mark.usefixtures("_behind_a_proxy")
@pytest.mark.parametrize(("name", "most"), [("lin@example.com", 30), ("13800138000", 10)])
def test_a_flooded_mailbox_or_phone_still_serves_its_owners_browser(post, kept, name, most):
    make_user(username="lin", email="lin@example.com", phone="+8613800138000")
    mine = Client()
    assert _try("lin", PASSWORD, by=mine).status_code == 302
    mine.post("/user/logout/")
    for number in range(most + 5):
        address = f"198.51.100.{number + 1}"
        post("/user/forgetpwd/", {"username": name}, by=Client(), headers={"X-Forwarded-For": address})
    assert len(kept.mails()) + len(kept.texts()) == most  # nobody is bombarded
    assert post("/user/forgetpwd/", {"username": name}, by=mine).status_code == 302
    assert len(kept.mails()) + len(kept.texts()) == most + 1
    if kept.texts():
        assert post("/user/code/", {"code": kept.code()}, by=mine)["Location"].startswith("/user/updata/")
