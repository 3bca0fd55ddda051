"""A running site under fire: fifty tries a second to sign in, and everything that happens at once happens once."""

from __future__ import annotations

import http.cookiejar
import re
import statistics
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy

import pytest

from tests.browser.conftest import Site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
RATE, SECONDS, ADDRESSES = 50, 8, 20
LOOKS = 5  # at a page, at least
SLOWER = 20  # times as long as before the siege, the median: the attackers sit on the same machine
PEOPLE = """
from apps.users.models import User
for name in ("victim", "bystander"):
    User.objects.create_user(name, password="right horse battery")
"""


ATTEMPTS = """
from apps.users.models import PhoneCode
print(PhoneCode.objects.get(phone="+8613800138000").attempts)
"""


class Visitor:
    """A browser without a face: keeps cookies, knows its CSRF token, comes from an address of its own."""

    def __init__(self, site: Site, address: str) -> None:
        self.site, self.address = site, address
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.token = ""
        self.waits: list[int] = []  # seconds it was told to wait

    def get(self, path: str) -> tuple[int, str]:
        status, page = self._open(urllib.request.Request(self.site.url + path))
        if found := re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page):
            self.token = found.group(1)
        return status, page

    def sign_in(self, name: str, password: str) -> tuple[int, str]:
        if not self.token:
            self.get("/user/login/")
        return self.post("/user/login/", username=name, password=password)

    def post(self, path: str, **form: str) -> tuple[int, str]:
        """Send a form of the page that was opened last."""
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": self.token, **form}).encode()
        return self._open(urllib.request.Request(self.site.url + path, data))

    def _open(self, request: urllib.request.Request) -> tuple[int, str]:
        request.add_header("X-Forwarded-For", self.address)
        try:
            with self.opener.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            if error.code == 429:
                self.waits.append(int(error.headers["Retry-After"]))
            return error.code, error.read().decode()


@pytest.fixture(scope="module")
def guarded(site: Site) -> Site:
    """The shared site, which believes what address a visitor says."""
    site.run(PEOPLE)
    return site


def _kept(site: Site, pattern: str, holds: str, *, to: str = "") -> str:
    """What a kept message `to` somebody holds; the queue may take a moment."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for file in sorted((site.data / "mail").glob(pattern), reverse=True):
            content = file.read_bytes()
            if to.encode() not in content:
                continue
            mail = message_from_bytes(content, policy=policy.default)
            text = mail.get_body(("plain",)).get_content() if pattern.endswith("eml") else content.decode()
            if found := re.search(holds, text):
                return found.group(1)
        time.sleep(0.2)
    raise AssertionError(f"no message with {holds}")


def _at_once(work: Callable[[int], int], times: int) -> list[int]:
    start = threading.Barrier(times)

    def run(number: int) -> int:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_a_link_pressed_ten_times_at_once_makes_one_account(guarded):
    stranger = Visitor(guarded, "203.0.113.20")
    stranger.get("/user/register/")
    form = {"username": "lin", "email": "lin@example.com", "password": "right horse battery"}
    assert stranger.post("/user/register/", **form)[0] == 200
    link = _kept(guarded, "*.eml", r"(/user/active/\S+)", to="lin@example.com")
    browsers = [Visitor(guarded, "203.0.113.20") for _ in range(10)]
    assert [browser.get(link)[0] for browser in browsers] == [200] * 10
    assert sorted(_at_once(lambda n: browsers[n].post(link)[0], 10)) == [200] + [400] * 9
    assert stranger.sign_in("lin@example.com", "right horse battery")[0] == 200


def test_many_guesses_at_once_are_counted_as_many(guarded):
    browsers = [Visitor(guarded, "203.0.113.30") for _ in range(20)]
    for browser in browsers:
        browser.get("/user/login/")
    statuses = _at_once(lambda n: browsers[n].sign_in("nobody", f"guess {n}")[0], 20)
    assert sorted(statuses) == [400] * 5 + [429] * 15


def test_a_code_takes_five_guesses_however_many_come_at_once(guarded):
    stranger = Visitor(guarded, "203.0.113.40")
    stranger.get("/user/register/?by=phone")
    stranger.post("/user/register/?by=phone", username="chen", phone="13800138000", password="right horse battery")
    code = _kept(guarded, "*.sms", r"(\d{6})")
    wrong = f"{(int(code) + 1) % 10**6:06}"
    stranger.get("/user/code/")
    assert set(_at_once(lambda _n: stranger.post("/user/code/", code=wrong)[0], 12)) == {400}
    assert stranger.post("/user/code/", code=code)[0] == 400  # used up
    attempts = guarded.run(ATTEMPTS)
    assert attempts.strip() == "5"


def test_fifty_tries_a_second_are_held_off_and_nobody_else_notices(guarded):
    attackers = [Visitor(guarded, f"198.51.100.{number + 1}") for number in range(ADDRESSES)]
    for attacker in attackers:
        attacker.get("/user/login/")
    answers: list[int] = []
    watched, over = threading.Event(), threading.Event()

    def fire(number: int) -> None:
        answers.append(attackers[number % ADDRESSES].sign_in("victim", f"guess {number}")[0])

    def besiege() -> None:
        with ThreadPoolExecutor(RATE) as pool:
            began, number = time.monotonic(), 0
            while number < RATE * SECONDS or not watched.is_set():
                time.sleep(max(0.0, began + number / RATE - time.monotonic()))
                pool.submit(fire, number)
                number += 1
        over.set()

    bystander, owner, newcomer = (Visitor(guarded, f"203.0.113.{number}") for number in (7, 8, 9))
    assert bystander.sign_in("bystander", "right horse battery")[0] == 200
    quiet = [_seconds(bystander) for _ in range(LOOKS)]
    siege = threading.Thread(target=besiege)
    siege.start()
    try:
        time.sleep(2)
        assert newcomer.sign_in("bystander", "right horse battery")[0] == 200
        assert owner.sign_in("victim", "right horse battery")[0] == 200  # even from the attacked account
        pages = []
        while not over.is_set():
            pages.append(_seconds(bystander))
            if len(pages) >= LOOKS:
                watched.set()
            time.sleep(0.2)
    finally:
        watched.set()
        siege.join()
    assert len(answers) >= RATE * SECONDS
    assert set(answers) == {400, 429}
    assert answers.count(400) <= ADDRESSES * 5  # passwords looked at: five for an address, fewer once it is a siege
    assert answers.count(429) >= len(answers) * 0.7
    assert min(wait for attacker in attackers for wait in attacker.waits) > 0
    assert statistics.median(pages) < SLOWER * statistics.median(quiet), (pages, quiet)


def _seconds(visitor: Visitor) -> float:
    """The seconds that a bystander waits for a page."""
    began = time.monotonic()
    assert visitor.get("/user/userown/")[0] == 200
    return time.monotonic() - began
