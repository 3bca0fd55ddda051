"""The figures of docs/accounts.md: how often one may try, how long links and codes live. Each is written out here."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime, timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from apps.users import services, tokens
from apps.users.models import KnownBrowser, PhoneCode, Registration, User
from apps.users.services.throttle import Client, Throttled
from apps.users.tokens import Purpose, TokenRefused
from tests.factories import make_user
from tests.users.conftest import PASSWORD
from utils import ratelimit
from utils.addresses import client_network
from utils.hashing import hash_matches, keyed_hash

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.get_fixed_timezone(0))
SECOND = timedelta(seconds=1)
HERE = Client(address="203.0.113.1")
MINUTES_5, MINUTES_15, HOUR = 300.0, 900.0, 3600.0


def figures(limits) -> list[tuple[int, float]]:
    return [(limit.most, limit.seconds) for limit in limits]


# ── how often one may try ──


@pytest.mark.django_db
def test_a_stranger_signs_in_by_the_table():
    lin = make_user(username="lin")
    address, account, strangers = services.throttle.sign_in_limits(name="lin", user=lin, client=HERE)
    assert figures([address, account]) == [(30, MINUTES_5), (5, MINUTES_15)]
    assert (strangers.seconds, strangers.most >= 1_000_000) == (HOUR, True)  # counted, and refuses nobody
    assert "203.0.113.1" in address.key
    assert str(lin.pk) in account.key
    for failures, tries in ((29, 5), (1, 2)):
        for _ in range(failures):
            assert ratelimit.take([strangers]) == 0
        assert services.throttle.sign_in_limits(name="lin", user=lin, client=HERE)[1].most == tries
    unknown = services.throttle.sign_in_limits(name="nobody", user=None, client=HERE)
    assert figures(unknown)[:2] == [(30, MINUTES_5), (5, MINUTES_15)]


@pytest.mark.django_db
def test_a_known_browser_has_ten_failures_in_fifteen_minutes():
    lin, chen = make_user(username="lin"), make_user(username="chen")
    mine = Client(address="203.0.113.1", devices={lin.pk: "a name"})
    assert figures(services.throttle.sign_in_limits(name="lin", user=lin, client=mine)) == [(10, MINUTES_15)]
    assert len(services.throttle.sign_in_limits(name="chen", user=chen, client=mine)) == 3  # a stranger there


@pytest.mark.django_db
def test_a_known_browser_does_not_guess_for_ever():
    make_user(username="lin")
    mine = Browser()
    said = {"username": "lin", "password": PASSWORD}
    assert mine.post("/user/login/", said).status_code == 302
    mine.post("/user/logout/")
    answers = [mine.post("/user/login/", {**said, "password": "wrong"}).status_code for _ in range(10)]
    assert answers == [400] * 10
    refused = mine.post("/user/login/", said)
    assert refused.status_code == 429
    assert 890 <= int(refused["Retry-After"]) <= 900


@pytest.mark.django_db
def test_the_other_limits_of_the_table():
    lin = make_user(username="lin")
    assert figures(services.throttle.code_limits(user=lin)) == [(10, MINUTES_15)]
    assert figures(services.throttle.sign_in_mail_limits(user=lin)) == [(10, HOUR)]
    assert figures(services.throttle.own_limits(kind="password", user=lin)) == [(10, MINUTES_15)]
    assert services.throttle.own_limits(kind="password", user=lin) != services.throttle.own_limits(
        kind="message", user=lin
    )
    asked = services.throttle.message_limits(kind="mail", recipient="lin@example.com", client=HERE)
    assert figures(asked) == [(20, HOUR), (4, MINUTES_15)]
    assert "lin@example.com" in asked[1].key
    assert "lin@example.com" not in asked[0].key
    for kind, known, most in (("mail", False, 30), ("sms", False, 10), ("mail", True, 5), ("sms", True, 5)):
        assert figures(services.throttle.flood_limits(kind=kind, recipient="x", known=known)) == [(most, HOUR)]


def test_an_address_is_an_ipv4_or_a_subscribers_64():
    assert client_network("203.0.113.7") == "203.0.113.7"
    assert client_network("2001:db8:1:2:aaaa::1") == client_network("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert client_network("2001:db8:1:3::1") == "2001:db8:1:3::/64"


# ── links ──

KEY = "a-site-key-for-known-answers-0123456789-abcdefghij"
HASH = "argon2$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"
# Made by openssl: the HMAC-SHA-256 of the state under the key, cut at 32 digits, in a JSON list in base64url, and its
# HMAC-SHA-256 under SHA-256 of "streamsite.users." + purpose + "signer" + key (itsdangerous, "django-concat").
PAYLOAD = "WzcsMTc5NTI2MjQwMCwiMjBlOTc3OGI3ZjYwMGE4OWI5NmY1ZTk4ZDg1ZjRiZmIiLCIiXQ"
KNOWN = {
    Purpose.ACTIVATE: f"{PAYLOAD}.KhEnTn1Zs5qZ4RwpI9Mu1Dv-XW-42wC5Z23sqkPYfHw",
    Purpose.RESET: f"{PAYLOAD}.1i9IXwr-kQbMxElNBZUQ1jHyrTTEq94p6Z5gAaYlBjY",
    Purpose.EMAIL: f"{PAYLOAD}.1B8diN2LPB9vvxOyFcWJMTJqgCSfQ2RgBKEGGUvnS0Q",
}
LIVES = {Purpose.ACTIVATE: timedelta(days=3), Purpose.RESET: timedelta(hours=1), Purpose.EMAIL: timedelta(days=1)}


@pytest.fixture
def _known_key(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = KEY, []


def lin(**changed) -> User:
    return User(
        **{"pk": 7, "username": "lin", "email": "lin@example.com", "password": HASH, "stamp": "stamp0", **changed}
    )


def refused(purpose: Purpose, token: str, row: User | Registration, at: datetime = NOON) -> bool:
    try:
        tokens.check(purpose, token, row, at=at)
    except TokenRefused:
        return True
    return False


@pytest.mark.usefixtures("_known_key")
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_link_is_signed_as_openssl_signs_it(purpose):
    assert tokens.make(purpose, lin(), at=NOON) == KNOWN[purpose]
    assert not refused(purpose, KNOWN[purpose], lin())
    assert all(refused(other, KNOWN[purpose], lin()) for other in Purpose if other is not purpose)


@pytest.mark.usefixtures("_known_key")
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_link_lives_as_long_as_the_page_says(purpose):
    end = NOON + LIVES[purpose]
    assert not refused(purpose, KNOWN[purpose], lin(), at=end - SECOND)
    assert refused(purpose, KNOWN[purpose], lin(), at=end)
    assert not refused(purpose, KNOWN[purpose], lin(), at=NOON - timedelta(minutes=5))  # of a clock that is behind
    assert refused(purpose, KNOWN[purpose], lin(), at=NOON - timedelta(minutes=5) - SECOND)


@pytest.mark.usefixtures("_known_key")
@pytest.mark.parametrize(
    "changed",
    [{"pk": 8}, {"password": HASH[:-1]}, {"email": "lin@example.org"}, {"is_active": False}, {"stamp": "stamp1"},
     {"phone": "+8613800138000"}],
)  # fmt: skip
def test_a_link_dies_with_any_change_of_what_it_acts_on(changed):
    assert refused(Purpose.RESET, KNOWN[Purpose.RESET], lin(**changed))


@pytest.mark.usefixtures("_known_key")
def test_a_link_to_a_sign_up_dies_with_its_use():
    row = Registration(pk=7, username="lin", email="lin@example.com", password=HASH)
    token = tokens.make(Purpose.ACTIVATE, row, at=NOON)
    assert not refused(Purpose.ACTIVATE, token, row)
    row.used_at = NOON
    assert refused(Purpose.ACTIVATE, token, row)
    assert refused(Purpose.ACTIVATE, KNOWN[Purpose.ACTIVATE], Registration(pk=7, password=HASH))  # of an account


@pytest.mark.usefixtures("_known_key")
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_link_has_one_spelling(purpose):
    token = KNOWN[purpose]
    payload, _, signature = token.rpartition(".")
    same = [
        signature[:-1] + letter
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        if letter != signature[-1]
        and base64.urlsafe_b64decode(f"{signature[:-1]}{letter}=") == base64.urlsafe_b64decode(f"{signature}=")
    ]
    assert len(same) == 3  # two bits of the last letter count for nothing
    spellings = [f"{payload}.{other}" for other in same]
    spellings += [f"{token}=", f"{payload}=.{signature}", f"{payload}==.{signature}", f" {token}", f"{token}\n"]
    assert [other for other in spellings if not refused(purpose, other, lin())] == []


def test_a_keyed_hash_is_hmac_sha_256(settings):
    """By `printf '%s' phone-code:7:123456 | openssl dgst -sha256 -hmac "$KEY"`."""
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = KEY, []
    known = "c2d81cce269419906b55a3589bd2f5b67e7aeb93ae2942d4b146680a0336f076"
    assert keyed_hash("phone-code:7:123456") == known
    assert hash_matches("phone-code:7:123456", known)
    assert not hash_matches("phone-code:7:123457", known)
    assert not hash_matches("phone-code:7:123456", known[:32])
    assert not hash_matches("phone-code:7:123456", "")


# ── codes ──


@pytest.fixture
def code(kept, django_capture_on_commit_callbacks, db) -> tuple[PhoneCode, str]:
    """A code that was sent to a phone at noon, and the digits."""
    with django_capture_on_commit_callbacks():
        row = services.codes.issue(
            purpose=PhoneCode.Purpose.REGISTER, phone="+8613800138000", subject=None, language="en", at=NOON
        )
    services.codes.send(code_id=row.pk, language="en", known=[], at=NOON)
    return row, kept.code()


def test_a_code_has_six_digits_and_ten_minutes(code, kept):
    row, digits = code
    assert re.findall(r"\d+", kept.texts()[-1]["text"])[:2] == [digits, "10"]
    assert len(digits) == 6
    with pytest.raises(services.codes.CodeSpent):
        services.codes.redeem(code_id=row.pk, code=digits, at=NOON + timedelta(minutes=10))
    assert services.codes.redeem(code_id=row.pk, code=digits, at=NOON + timedelta(minutes=10) - SECOND) == row
    with pytest.raises(services.codes.CodeSpent):  # once
        services.codes.redeem(code_id=row.pk, code=digits, at=NOON)


def test_a_code_takes_five_guesses(code):
    row, digits = code
    wrong = f"{(int(digits) + 1) % 10**6:06}"
    for _ in range(5):
        with pytest.raises(services.codes.CodeRefused):
            services.codes.redeem(code_id=row.pk, code=wrong, at=NOON)
    with pytest.raises(services.codes.CodeSpent):
        services.codes.redeem(code_id=row.pk, code=digits, at=NOON)


# ── browsers ──


@pytest.mark.django_db
def test_a_known_browser_is_kept_for_a_year_under_a_hash():
    lin, chen = make_user(), make_user()
    assert timedelta(days=365) == services.known_browsers.KEPT
    assert not services.known_browsers.record_sign_in(user=lin, name="a name", user_agent="", at=NOON)
    assert services.known_browsers.record_sign_in(user=lin, name="a name", user_agent="", at=NOON)
    assert KnownBrowser.objects.get().digest == hashlib.sha256(b"a name").hexdigest()
    assert services.known_browsers.recognize({lin.pk: "a name"}) == {lin.pk: "a name"}
    assert (
        services.known_browsers.recognize({lin.pk: "another"})
        == services.known_browsers.recognize({chen.pk: "a name"})
        == {}
    )


def test_the_answer_says_how_long_to_wait():
    assert Throttled(61.4).wait == 61.4
