"""What members enter about themselves, and what has to be verified."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.users.models import PhoneCode, User
from tests.factories import make_user
from tests.users.conftest import PASSWORD

pytestmark = pytest.mark.django_db
OWN = "/user/userown/"


@pytest.fixture
def lin(client) -> User:
    user = make_user(username="lin", email="lin@example.com", phone="+8613800138000", language="zh-hans")
    client.post("/user/login/", {"username": "lin", "password": PASSWORD})
    return user


def _fresh() -> User:
    return User.objects.get(username="lin")


def test_nickname_and_language_are_kept(client, lin):
    answer = client.post(OWN, {"form": "profile", "nickname": "小林 <b>", "language": "en"}, follow=True)
    assert (_fresh().nickname, _fresh().language) == ("小林 <b>", "en")
    page = answer.content.decode()
    assert "Profile saved." in page
    assert "小林 &lt;b&gt;" in page
    assert "小林 <b>" not in page


@pytest.mark.parametrize(
    "changed",
    [{"nickname": "x" * 31}, {"nickname": "a\x00b"}, {"language": "fr"}, {"language": ""}, {"form": "nonsense"}],
)
def test_a_bad_profile_changes_nothing(client, lin, changed):
    answer = client.post(OWN, {"form": "profile", "nickname": "小林", "language": "en", **changed})
    assert answer.status_code == 400
    assert answer.context["msg"]
    assert (_fresh().nickname, _fresh().language) == ("", "zh-hans")


def test_nobody_makes_themselves_more_than_they_are(client, lin):
    client.post(
        OWN,
        {
            "form": "profile",
            "nickname": "n",
            "language": "en",
            "is_staff": "on",
            "username": "root",
            "email": "x@x.com",
        },
    )
    user = User.objects.get()
    assert (user.username, user.email, user.is_staff, user.is_superuser) == ("lin", "lin@example.com", False, False)


def test_a_new_e_mail_counts_when_it_is_proved(client, post, kept, lin):
    post(OWN, {"form": "email", "email": "NEW@example.com", "current": PASSWORD})
    assert _fresh().email == "lin@example.com"
    assert [mail["to"] for mail in kept.mails()] == ["new@example.com"]
    link = kept.link()
    stranger = Client()  # the mail may be opened in another browser
    assert stranger.get(link).status_code == 200
    assert _fresh().email == "lin@example.com"
    assert post(link, by=stranger).status_code == 200
    assert _fresh().email == "new@example.com"
    assert _fresh().email_verified_at
    assert kept.mails()[-1]["to"] == "lin@example.com"  # the old address is told
    assert post(link).status_code == 400
    assert client.get(OWN).status_code == 200  # still signed in


def test_an_e_mail_of_somebody_else_gets_a_word_and_no_link(post, kept, lin):
    make_user(username="chen", email="chen@example.com")
    answer = post(OWN, {"form": "email", "email": "chen@example.com", "current": PASSWORD})
    assert answer.status_code == 302
    assert "/user/email/" not in kept.mails()[0]["text"]
    assert _fresh().email == "lin@example.com"


def test_an_e_mail_taken_meanwhile_is_said(post, kept, lin):
    post(OWN, {"form": "email", "email": "new@example.com", "current": PASSWORD})
    make_user(username="chen", email="new@example.com")
    answer = post(kept.link())
    assert answer.status_code == 400
    assert answer.context["msg"]
    assert _fresh().email == "lin@example.com"


def test_of_two_asked_for_e_mails_the_first_proved_wins(post, kept, lin):
    post(OWN, {"form": "email", "email": "a@example.com", "current": PASSWORD})
    first = kept.link()
    post(OWN, {"form": "email", "email": "b@example.com", "current": PASSWORD})
    assert post(kept.link()).status_code == 200
    assert post(first).status_code == 400
    assert _fresh().email == "b@example.com"


@pytest.mark.parametrize(
    ("form", "data", "field"),
    [
        ("email", {"email": "no"}, "email"),
        ("email", {"email": ""}, "email"),
        ("email", {"email": "a@example.com", "current": "wrong"}, "current"),
        ("email", {"email": "a@b.com\nBcc: x@x.com"}, "email"),
        ("phone", {"phone": "12345"}, "phone"),
        ("phone", {"phone": ""}, "phone"),
        ("phone", {"phone": "13800138001", "current": "wrong"}, "current"),
        ("phone", {"phone": "+1 202 555 0100"}, "phone"),
    ],
)
def test_a_refused_contact_sends_nothing(post, kept, lin, form, data, field):
    answer = post(OWN, {"form": form, "current": PASSWORD, **data})
    assert answer.status_code == 400
    assert answer.context["msg"]
    assert answer.context["forms"][form].errors.keys() == {field}
    assert kept.nothing()
    assert not PhoneCode.objects.exists()


def test_a_new_phone_counts_when_its_code_is_typed(client, post, kept, lin):
    assert post(OWN, {"form": "phone", "phone": "139 0013 9000", "current": PASSWORD})["Location"] == "/user/code/"
    assert _fresh().phone == "+8613800138000"
    assert kept.texts()[-1]["phone"] == "+8613900139000"
    assert post("/user/code/", {"code": kept.code()})["Location"] == OWN
    assert _fresh().phone == "+8613900139000"


def test_a_phone_taken_meanwhile_is_said(post, kept, lin):
    post(OWN, {"form": "phone", "phone": "13900139000", "current": PASSWORD})
    make_user(username="chen", phone="+8613900139000")
    answer = post("/user/code/", {"code": kept.code()})
    assert answer.status_code == 400
    assert answer.context["msg"]
    assert _fresh().phone == "+8613800138000"


def test_a_code_for_one_account_changes_no_other(client, post, kept, lin):
    post(OWN, {"form": "phone", "phone": "13900139000", "current": PASSWORD})
    code = kept.code()
    client.post("/user/logout/")
    chen = make_user(username="chen")
    client.force_login(chen)
    session = client.session
    session["phone_code"] = PhoneCode.objects.get().pk
    session.save()
    assert post("/user/code/", {"code": code}).status_code == 400
    assert not User.objects.filter(phone="+8613900139000").exists()


def test_messages_a_member_asks_for_are_bounded(post, kept, lin):
    answers = [
        post(OWN, {"form": "email", "email": f"new{n}@example.com", "current": PASSWORD}).status_code for n in range(12)
    ]
    assert answers == [302] * 10 + [429] * 2
    assert len(kept.mails()) == 10
