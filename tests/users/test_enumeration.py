"""Nobody learns who has an account: the same answer in the same time, with the real password hash."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client

from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ROUNDS = 15
NOISE = 0.25  # share of the median; a hash more or less would be several times that
MEASURED = 3  # times, at most: other work on the machine makes noise once, a difference shows each time
HASHERS = ["apps.users.hashers.Argon2Hasher"]

FORMS = {
    "sign in": ("/user/login/", lambda name: {"username": f"{name}@example.com", "password": "wrong horse"}),
    "sign in by phone": ("/user/login/", lambda name: {"username": PHONES[name], "password": "wrong horse"}),  # type: ignore[has-type]
    "register": (
        "/user/register/",
        lambda name: {"username": "lin", "email": f"{name}@example.com", "password": "wrong horse battery"},
    ),
    "register a name": (
        "/user/register/",
        lambda name: {"username": name, "email": "new@example.com", "password": "wrong horse battery"},
    ),
    "forgot": ("/user/forgetpwd/", lambda name: {"username": f"{name}@example.com"}),
    "forgot by phone": ("/user/forgetpwd/", lambda name: {"username": PHONES[name]}),  # type: ignore[has-type]
    "again": ("/user/register/again/", lambda name: {"email": f"{name}@example.com"}),
}
PHONES = {"known": "13800138000", "never": "13800138001"}


def _body(answer, name) -> str:
    text = answer.content.decode().replace(name, "").replace(PHONES[name], "")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


@pytest.mark.parametrize("form", FORMS)
def test_known_and_unknown_look_alike(settings, form):
    settings.PASSWORD_HASHERS = HASHERS
    make_user(username="known", email="known@example.com", phone="+8613800138000")
    for _attempt in range(MEASURED):
        known, never = _medians(*FORMS[form])
        if abs(known - never) < NOISE * max(known, never):
            return
    pytest.fail(f"known {known:.4f} s, unknown {never:.4f} s, {MEASURED} times")


def _medians(path: str, data: Callable[[str], dict[str, str]]) -> tuple[float, float]:
    """Seconds for a known and an unknown name, taken in turns; all the answers are the same."""
    took: dict[str, list[float]] = {"known": [], "never": []}
    seen: dict[str, set[tuple[int, str, str]]] = {"known": set(), "never": set()}
    for turn in range(ROUNDS * 2 + 2):
        name = ("known", "never")[turn % 2]
        cache.clear()
        client = Client()
        began = time.perf_counter()
        answer = client.post(path, data(name))
        if turn > 1:  # the first of each warms up
            took[name].append(time.perf_counter() - began)
        seen[name].add((answer.status_code, answer.get("Location", ""), _body(answer, name)))
    assert seen["known"] == seen["never"]
    assert len(seen["known"]) == 1
    return statistics.median(took["known"]), statistics.median(took["never"])
