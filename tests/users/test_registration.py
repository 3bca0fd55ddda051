"""From a stranger to an account."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.users.models import PhoneCode, Registration, User
from tests.factories import make_user
from tests.users.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NEW = {"username": "Lin", "email": "LIN@Example.com", "password": PASSWORD}


def test_a_mail_leads_to_an_account(client, post, kept):
    answer = post("/user/register/", NEW)
    assert answer.status_code == 302
    assert "lin@example.com" in client.get(answer["Location"]).content.decode()
    assert not User.objects.exists()
    assert [mail["to"] for mail in kept.mails()] == ["lin@example.com"]
    link = kept.link()
    assert link in kept.mails()[0]["html"]
    assert client.get(link).status_code == 200
    assert client.get(link).status_code == 200
    assert not User.objects.exists()  # scanners of mail fetch every link
    assert client.post(link).status_code == 200
    user = User.objects.get()
    assert (user.username, user.email, bool(user.email_verified_at), user.is_staff) == (
        "lin", "lin@example.com", True, False,
    )  # fmt: skip
    assert client.post("/user/login/", {"username": "ＬＩＮ", "password": PASSWORD}).status_code == 302


def test_a_link_works_once(client, post, kept):
    post("/user/register/", NEW)
    link = kept.link()
    client.post(link)
    for again in (client.post(link), client.get(link)):
        assert again.status_code == 400
        assert again.context["msg"]
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"username": ""}, "username"), ({"username": "a"}, "username"), ({"username": "x" * 31}, "username"),
        ({"username": "a b"}, "username"), ({"username": "13800138000"}, "username"),
        ({"username": "ADMIN"}, "username"),
        ({"username": "lin@example.com"}, "username"), ({"email": ""}, "email"), ({"email": "lin"}, "email"),
        ({"email": "lin@example.com\nBcc: all@example.com"}, "email"), ({"password": "short1"}, "password"),
        ({"password": "12345678901"}, "password"), ({"password": "password"}, "password"),
        ({"username": "linlinlinlin", "password": "linlinlinlin"}, "password"), ({"password": ""}, "password"),
        ({"username": "li\x00n"}, "username"),
    ],
)  # fmt: skip
def test_bad_input_is_marked_and_leaves_nothing(post, kept, changed, field):
    answer = post("/user/register/", {**NEW, **changed})
    assert answer.status_code == 400
    assert answer.context["msg"]
    assert answer.context["form"].errors.keys() == {field}
    assert f'aria-describedby="{field}' in answer.content.decode() or f"id_{field}_error" in answer.content.decode()
    assert not Registration.objects.exists()
    assert kept.nothing()


def test_a_known_address_gets_a_word_and_the_page_says_the_same(client, post, kept):
    owner = make_user(username="chen", email="lin@example.com")
    known = post("/user/register/", NEW)
    known_page = client.get(known["Location"])
    other = Client()
    fresh = post("/user/register/", {**NEW, "email": "new@example.com"}, by=other)
    fresh_page = other.get(fresh["Location"])
    assert (known.status_code, known["Location"]) == (fresh.status_code, fresh["Location"])
    assert _plain(known_page, "lin@example.com") == _plain(fresh_page, "new@example.com")
    to_owner = kept.mails()[0]
    assert "chen" in to_owner["text"]
    assert "/user/active/" not in to_owner["text"]
    assert User.objects.get() == owner


def _plain(page, address):
    import re

    text = page.content.decode().replace(address, "")
    return re.sub(r'value="\w{64}"', "", text)


def test_a_taken_user_name_is_revealed_only_once_the_address_is_proved(client, post, kept):
    make_user(username="lin")
    assert post("/user/register/", NEW).status_code == 302
    page = client.post(kept.link())
    user = User.objects.get(email="lin@example.com")
    assert user.username != "lin"
    assert user.username.startswith("lin")
    assert user.nickname == "lin"
    assert user.username in page.content.decode()


def test_somebody_elses_attempt_doesnt_spoil_mine(client, post, kept):
    post("/user/register/", {**NEW, "password": "the attacker's own"}, by=Client())
    post("/user/register/", {**NEW, "username": "linlin"})
    client.post(kept.link())
    assert client.post("/user/login/", {"username": "lin@example.com", "password": PASSWORD}).status_code == 302
    assert User.objects.count() == 1


def test_two_sign_ups_for_one_address_make_one_account(client, post, kept):
    post("/user/register/", NEW)
    first = kept.link()
    post("/user/register/", {**NEW, "username": "other"})
    second = kept.link()
    assert client.post(first).status_code == 200
    answer = client.post(second)
    assert answer.status_code == 400
    assert answer.context["msg"]
    assert User.objects.count() == 1


def test_the_mail_is_sent_again_to_a_pending_registration_only(client, post, kept):
    post("/user/register/", NEW)
    assert post("/user/register/again/", {"email": "lin@example.com"}).status_code == 302
    assert len(kept.mails()) == 2
    assert client.post(kept.link()).status_code == 200
    for email in ("lin@example.com", "nobody@example.com"):
        assert post("/user/register/again/", {"email": email}).status_code == 302
    assert [mail["subject"] for mail in kept.mails()][2:] == []
    assert post("/user/register/again/", {"email": "x"}).context["msg"]


@pytest.mark.parametrize("first", ["mine", "theirs"])
def test_sent_again_is_ones_own_sign_up_never_anothers(client, post, kept, first):
    """Two people signed up with one address: each link creates the account with its own name and password."""
    stranger = Client()
    order = [client, stranger] if first == "mine" else [stranger, client]
    for browser in order:
        name = "lin" if browser is client else "thief"
        post("/user/register/", {**NEW, "username": name, "password": f"the password of {name}"}, by=browser)
    post("/user/register/again/", {"email": NEW["email"]}, by=client)
    assert [mail["text"].splitlines()[0] for mail in kept.mails()][2:] == ["lin，你好："]
    post("/user/register/again/", {"email": NEW["email"]}, by=Client())  # began nothing: nothing is sent
    assert len(kept.mails()) == 3
    assert client.post(kept.link()).status_code == 200
    assert User.objects.get().check_password("the password of lin")


def test_another_address_than_ones_own_gets_nothing(client, post, kept):
    post("/user/register/", {**NEW, "email": "chen@example.com"}, by=Client())
    post("/user/register/", NEW)
    page = client.get("/user/register/sent/")
    assert not page.context["again"]
    post("/user/register/again/", {"email": "chen@example.com"})
    assert len(kept.mails()) == 2
    assert client.get("/user/register/sent/").context["again"]
    assert Registration.objects.count() == 2


def test_a_phone_leads_to_an_account(client, post, kept):
    answer = post("/user/register/?by=phone", {"username": "lin", "phone": "１３８ 0013 8000", "password": PASSWORD})
    assert answer["Location"] == "/user/code/"
    assert kept.texts()[0]["phone"] == "+8613800138000"
    code = kept.code()
    assert code not in str(PhoneCode.objects.values_list())
    wrong = post("/user/code/", {"code": "000000" if code != "000000" else "111111"})
    assert wrong.status_code == 400
    assert not User.objects.exists()
    assert post("/user/code/", {"code": f" {code[:3]} {code[3:]} "}).status_code == 200
    assert User.objects.get().phone == "+8613800138000"
    assert client.get("/user/code/").status_code == 302


def test_a_known_phone_gets_a_word_and_no_code(client, post, kept):
    make_user(username="chen", phone="+8613800138000")
    answer = post("/user/register/?by=phone", {"username": "lin", "phone": "13800138000", "password": PASSWORD})
    assert answer["Location"] == "/user/code/"
    assert not any(c.isdigit() for c in kept.texts()[0]["text"])
    assert post("/user/code/", {"code": ""}).status_code == 400
    assert post("/user/code/", {"code": "123456"}).status_code == 400
    assert User.objects.count() == 1


def test_guessing_a_code_ends(client, post, kept):
    post("/user/register/?by=phone", {"username": "lin", "phone": "13800138000", "password": PASSWORD})
    code = kept.code()
    for guess in range(5):
        post("/user/code/", {"code": f"{(int(code) + guess + 1) % 10**6:06}"})
    assert post("/user/code/", {"code": code}).status_code == 400
    assert not User.objects.exists()
    assert post("/user/code/", {"again": "1"}).status_code == 302
    assert post("/user/code/", {"code": kept.code()}).status_code == 200
    assert User.objects.count() == 1


def test_mails_speak_the_readers_language(client, post, kept):
    client.cookies["django_language"] = "en"
    post("/user/register/", NEW)
    assert "Activate" in kept.mails()[0]["subject"]
    client.cookies["django_language"] = "zh-hans"
    post("/user/register/", {**NEW, "email": "b@example.com"})
    assert "激活" in kept.mails()[1]["subject"]
