"""Sign-ins and removals at once, in a process of its own: `python -m tests.users.driver FILE`.

The database is DATABASE_URL, empty. What came out of each scene goes to FILE as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streamsite.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import override_settings, setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

from apps.users.models import Device, Identity, KnownBrowser, OutgoingMail, User  # noqa: E402
from tests.factories import make_user  # noqa: E402
from tests.users.conftest import PASSWORD  # noqa: E402

PAGE = "/user/recovery/"
THIEF = "Mozilla/5.0 (Linux; Android 15) Thief/1.0"
ROUNDS = 6


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call came to, all begun together."""
    start, answers = Barrier(len(calls)), [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            start.wait()
            answers[place] = call()
        finally:
            connection.close()

    threads = [Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def anew(**fields: Any) -> User:
    User.objects.all().delete()
    return make_user(username="lin", email="lin@example.com", phone="+8613800138000", **fields)


def enter(browser: Client) -> int:
    return browser.post("/user/login/", {"username": "lin", "password": PASSWORD}).status_code


def signed_in(agent: str = "") -> Client:
    browser = Client(headers={"User-Agent": agent})
    assert enter(browser) == 302
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/user/userown/").status_code == 200


def remove(browser: Client, what: str) -> str:
    answer = browser.post(PAGE, {"remove": what})
    return f"{answer.status_code} {answer['Location']}"


def twin(of: Client) -> Client:
    """Another tab of the same browser."""
    other = Client()
    other.cookies["sessionid"] = of.cookies["sessionid"].value
    return other


def first_sign_ins() -> dict[str, Any]:
    anew()
    answers = at_once(lambda: enter(Client()), lambda: enter(Client()))
    return {"answers": answers, "letters": OutgoingMail.objects.count(), "known": KnownBrowser.objects.count()}


def pressed_twice() -> list[Any]:
    told = []
    for what in ("phone", "all", "links") * ROUNDS:
        anew(last_login=timezone.now())
        here = signed_in()
        tabs = [twin(here), twin(here)]
        answers = at_once(*(lambda tab=tab, what=what: remove(tab, what) for tab in tabs))
        told.append([sorted(set(answers)), is_in(here)])
    return told


def both_ways() -> list[Any]:
    told = []
    for _ in range(ROUNDS):
        user = anew(last_login=timezone.now())
        Identity.objects.create(user=user, provider="wechat", subject="s", created_at=timezone.now())
        one, two = signed_in(), signed_in()
        at_once(lambda one=one: remove(one, "password"), lambda two=two: remove(two, "identity:wechat"))
        ways = [User.objects.get().has_usable_password(), Identity.objects.exists()]
        told.append([ways.count(True), [is_in(one), is_in(two)].count(True)])
    return told


def sign_in_and_out() -> list[Any]:
    """A thief who knows the password signs in while the owner ends all other sessions."""
    told = []
    for _ in range(ROUNDS):
        anew(last_login=timezone.now())
        here, thief = signed_in(), Client(headers={"User-Agent": THIEF})
        at_once(lambda here=here: remove(here, "all"), lambda thief=thief: enter(thief))
        known = KnownBrowser.objects.filter(user_agent=THIEF).exists()
        device = Device.objects.filter(user_agent=THIEF).exists()
        told.append([is_in(here), is_in(thief) == known == device])
    return told


SCENES = [first_sign_ins, pressed_twice, both_ways, sign_in_and_out]


def main() -> None:
    setup_test_environment()
    call_command("migrate", interactive=False, verbosity=0)
    quick = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(PASSWORD_HASHERS=quick, SIGN_IN_PROVIDERS=["tests.users.recovery.account.WeChat"]):
        told = {scene.__name__: scene() for scene in SCENES}
    Path(sys.argv[1]).write_text(json.dumps(told))


if __name__ == "__main__":
    main()
