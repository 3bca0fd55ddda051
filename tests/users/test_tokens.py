"""A token works for its purpose, its account, its time and its state, and for nothing else."""

from __future__ import annotations

import string
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.users import tokens
from apps.users.models import User
from apps.users.tokens import Purpose, TokenRefused

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.get_default_timezone())
PURPOSES = st.sampled_from(list(Purpose))
PASSWORD = "argon2$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"


def _user(pk: int = 7, **state) -> User:
    return User(pk=pk, **{"username": "lin", "email": "lin@example.com", "password": PASSWORD, **state})


def _refused(purpose, token, row, at=NOW) -> bool:
    with pytest.raises(TokenRefused):
        tokens.check(purpose, token, row, at=at)
    return True


@given(purpose=PURPOSES, pk=st.integers(1, 2**62), extra=st.text(max_size=80))
def test_a_token_says_what_was_put_into_it(purpose, pk, extra):
    token = tokens.make(purpose, _user(pk), at=NOW, extra=extra)
    assert tokens.check(purpose, token, _user(pk), at=NOW) == extra


@given(purpose=PURPOSES, at=st.integers(0, 200), letter=st.sampled_from(string.printable + "é中"))
def test_an_altered_token_is_refused(purpose, at, letter):
    token = tokens.make(purpose, _user(), at=NOW)
    at %= len(token)
    altered = token[:at] + letter + token[at + 1 :]
    if altered != token:
        assert _refused(purpose, altered, _user())


@given(purpose=PURPOSES, cut=st.integers(1, 200), front=st.booleans())
def test_a_truncated_token_is_refused(purpose, cut, front):
    token = tokens.make(purpose, _user(), at=NOW)
    assert _refused(purpose, token[cut % len(token) or 1 :] if front else token[: -(cut % len(token) or 1)], _user())


@given(purpose=PURPOSES, text=st.text(max_size=300))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_noise_is_refused(purpose, text):
    assert _refused(purpose, text, _user())


@given(made=PURPOSES, used=PURPOSES)
def test_another_purpose_is_refused(made, used):
    token = tokens.make(made, _user(), at=NOW)
    if made is not used:
        assert _refused(used, token, _user())


@given(purpose=PURPOSES, one=st.integers(1, 2**62), other=st.integers(1, 2**62))
def test_another_user_is_refused(purpose, one, other):
    if one != other:
        assert _refused(purpose, tokens.make(purpose, _user(one), at=NOW), _user(other))


@given(
    purpose=PURPOSES,
    changed=st.sampled_from([{"password": "argon2$other"}, {"email": "b@example.com"}, {"is_active": False}]),
)
def test_a_changed_state_is_refused(purpose, changed):
    assert _refused(purpose, tokens.make(purpose, _user(), at=NOW), _user(**changed))


@given(purpose=PURPOSES, late=st.floats(0, 1e7), early=st.floats(0, 299))
def test_a_token_expires_and_clocks_may_differ_a_little(purpose, late, early):
    token = tokens.make(purpose, _user(), at=NOW)
    assert _refused(purpose, token, _user(), at=NOW + purpose.lives + timedelta(seconds=late))
    assert tokens.check(purpose, token, _user(), at=NOW - timedelta(seconds=early)) == ""
    assert _refused(purpose, token, _user(), at=NOW - timedelta(seconds=400))


def test_another_key_is_refused(settings):
    token = tokens.make(Purpose.RESET, _user(), at=NOW)
    settings.SECRET_KEY = "another" * 10
    assert _refused(Purpose.RESET, token, _user())
