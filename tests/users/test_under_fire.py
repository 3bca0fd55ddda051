"""Fifty tries a second to sign in, from many addresses, against a running site: throttled, and nobody else notices."""

from __future__ import annotations

import http.cookiejar
import re
import statistics
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.browser.conftest import Site, start_site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
RATE, SECONDS, ADDRESSES = 50, 8, 20
RESPONSIVE = 3.0  # seconds for a page, the median, while the machine has other work as well
PEOPLE = """
from apps.users.models import User
for name in ("victim", "bystander"):
    User.objects.create_user(name, password="right horse battery")
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
        return self._open(urllib.request.Request(self.site.url + path))

    def sign_in(self, name: str, password: str) -> tuple[int, str]:
        if not self.token:
            _status, page = self.get("/user/login/")
            self.token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page).group(1)
        form = {"csrfmiddlewaretoken": self.token, "username": name, "password": password}
        data = urllib.parse.urlencode(form).encode()
        return self._open(urllib.request.Request(f"{self.site.url}/user/login/", data))

    def _open(self, request: urllib.request.Request) -> tuple[int, str]:
        request.add_header("X-Forwarded-For", self.address)
        try:
            with self.opener.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            if error.code == 429:
                self.waits.append(int(error.headers["Retry-After"]))
            return error.code, error.read().decode()


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TRUSTED_PROXIES", "127.0.0.1/32,unix")
    running = start_site(tmp_path / "data", demo="0")
    running.manage("shell", "-v", "0", "-c", PEOPLE)
    yield running
    running.stop()


def test_fifty_tries_a_second_are_held_off_and_nobody_else_notices(guarded):
    attackers = [Visitor(guarded, f"198.51.100.{number + 1}") for number in range(ADDRESSES)]
    for attacker in attackers:
        attacker.get("/user/login/")
    answers: list[int] = []
    over = threading.Event()

    def fire(number: int) -> None:
        answers.append(attackers[number % ADDRESSES].sign_in("victim", f"guess {number}")[0])

    def besiege() -> None:
        with ThreadPoolExecutor(RATE) as pool:
            began = time.monotonic()
            for number in range(RATE * SECONDS):
                time.sleep(max(0.0, began + number / RATE - time.monotonic()))
                pool.submit(fire, number)
        over.set()

    siege = threading.Thread(target=besiege)
    siege.start()
    pages: list[float] = []
    bystander, owner = Visitor(guarded, "203.0.113.7"), Visitor(guarded, "203.0.113.8")
    time.sleep(2)
    assert bystander.sign_in("bystander", "right horse battery")[0] == 200
    assert owner.sign_in("victim", "right horse battery")[0] == 200  # even the one who is attacked
    while not over.is_set():
        began = time.monotonic()
        assert bystander.get("/user/userown/")[0] == 200
        pages.append(time.monotonic() - began)
        time.sleep(0.2)
    siege.join()
    assert len(answers) == RATE * SECONDS
    assert set(answers) == {400, 429}
    assert answers.count(400) <= ADDRESSES * 5  # passwords looked at: five for an address, fewer once it is a siege
    assert answers.count(429) >= len(answers) * 0.7
    assert min(wait for attacker in attackers for wait in attacker.waits) > 0
    assert statistics.median(pages) < RESPONSIVE, pages
