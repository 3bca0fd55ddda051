"""Pages while buyers wait for a payment service that is frozen: it takes every connection and never answers.

Starts the embedded site on the loopback, with BUYERS (200) who have been sent to its cashier and whose pages ask how
their orders stand, as static/js/order.js does. Pages are read by READERS at the same time: before anybody waits, with
the cashier well, frozen (SIGSTOP) and well again. Frozen, the 99th percentile of a page may be 1.5 times that of the
same buyers at a well cashier.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SECONDS = float(os.environ.get("SECONDS_EACH", "30"))
BUYERS, READERS = int(os.environ.get("BUYERS", "200")), 4
EVERY, SELDOM = 2.0, 10.0  # seconds between two questions of one buyer: while the cashier answers, and otherwise
UNCLEAR = 7
MOST = 1.5
FORM = "application/x-www-form-urlencoded"
FILL = """
import json
from decimal import Decimal
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.middleware.csrf import get_token
from django.utils import timezone
from apps.orders import services
from apps.orders.models import Plan
from tests.factories import make_episode, make_plan, make_user
made, plan = [], make_plan()
for n in range({buyers}):
    user, store = make_user(), SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    store[BACKEND_SESSION_KEY] = "apps.users.backends.AnyNameBackend"
    store.save()
    order = services.place_order(user=user, item=plan, at=timezone.now())
    services.pay_by_gateway(order=order, phone=False, site="http://127.0.0.1/", at=timezone.now())
    made.append([order.number, store.session_key])
print("MADE" + json.dumps([make_episode().movie_id, made]))
"""
TOKEN = "x" * 32  # of CSRF: what the cookie says, the form says too


class Waiting:
    """Buyers whose pages ask how their orders stand."""

    def __init__(self, port: int, orders: list[tuple[str, str]]) -> None:
        self.answers: Counter[str] = Counter()
        self._port, self._over = port, threading.Event()
        self._threads = [
            threading.Thread(target=self._wait, args=(*one, n / len(orders)), daemon=True)
            for n, one in enumerate(orders)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _wait(self, number: str, session: str, share: float) -> None:
        self._over.wait(share * EVERY)
        while not self._over.is_set():
            status, text = post(self._port, "/order/check/", {"order": number}, session)
            said = json.loads(text)["res"] if status == 200 else None
            self.answers[f"{status} {said}" if status == 200 else str(status)] += 1
            self._over.wait(SELDOM if said == UNCLEAR else EVERY)


def get(port: int, path: str, session: str = "") -> int:
    """The status of a page; 599 without an answer."""
    return _ask(port, "GET", path, None, {"Cookie": f"sessionid={session}"} if session else {})[0]


def post(port: int, path: str, fields: dict[str, str], session: str) -> tuple[int, str]:
    body = "&".join(f"{name}={value}" for name, value in {**fields, "csrfmiddlewaretoken": TOKEN}.items())
    cookies = f"sessionid={session}; csrftoken={TOKEN}"
    return _ask(port, "POST", path, body, {"Content-Type": FORM, "Cookie": cookies})


def _ask(port: int, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except OSError:
        return 599, ""
    finally:
        connection.close()


def cashier_of(site: Any) -> int:
    """The process id of the site's cashier."""
    return next(pid for pid, line in site.processes().items() if "manage.py cashier" in line)


def fill(site: Any, buyers: int) -> tuple[int, list[tuple[str, str]]]:
    """(a title, the order and the session of each buyer)."""
    movie, orders = json.loads(site.manage("shell", "-v", "0", "-c", FILL.format(buyers=buyers)).rsplit("MADE", 1)[1])
    return movie, [tuple(one) for one in orders]


def read_pages(port: int, paths: list[tuple[str, str]], seconds: float) -> tuple[list[float], Counter[int]]:
    """How long pages took, in seconds and sorted, and their statuses; each of `paths` with its session."""
    times: list[float] = []
    statuses: Counter[int] = Counter()
    until = time.monotonic() + seconds

    def read() -> None:
        while time.monotonic() < until:
            for path, session in paths:
                begun = time.perf_counter()
                statuses[get(port, path, session)] += 1
                times.append(time.perf_counter() - begun)
                time.sleep(0.1)

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    return sorted(times), statuses


def main() -> None:
    sys.path.insert(0, str(ROOT))
    from tests.browser.conftest import start_site

    with tempfile.TemporaryDirectory() as folder:
        site = start_site(Path(folder), demo="0")
        try:
            movie, orders = fill(site, BUYERS)
            session = orders[0][1]
            paths = [
                ("/", ""),
                (f"/single/{movie}/1/", session),
                ("/order/openvip/", session),
                ("/user/userown/", session),
            ]
            failed = False

            def phase(name: str) -> float:
                nonlocal failed
                times, statuses = read_pages(site.port, paths, SECONDS)
                p50, p99 = (1000 * times[int(len(times) * share)] for share in (0.5, 0.99))
                print(f"{name:28} p50 {p50:.0f} ms  p99 {p99:.0f} ms  {dict(statuses)}", flush=True)
                failed |= set(statuses) != {200}
                return p99

            phase("warm")
            alone = phase("nobody waits")
            waiting = Waiting(site.port, orders)
            well = phase(f"{BUYERS} wait, cashier well")
            pid = cashier_of(site)
            os.kill(pid, signal.SIGSTOP)
            frozen = phase(f"{BUYERS} wait, cashier frozen")
            os.kill(pid, signal.SIGCONT)
            phase(f"{BUYERS} wait, healed")
            waiting.end()
            print(f"checks {dict(sorted(waiting.answers.items()))}")
            print(
                f"p99 frozen is {frozen / well:.2f} times that with a well cashier, {frozen / alone:.2f} times unloaded"
            )
        finally:
            site.stop()
    if failed or frozen > MOST * well or any(key[:3] != "200" for key in waiting.answers):
        raise SystemExit("Pages failed, or waited for the payment service.")


if __name__ == "__main__":
    main()
