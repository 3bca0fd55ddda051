"""Pages while buyers wait for a payment service that is frozen: it takes every connection and never answers.

Starts the embedded site on the loopback, with BUYERS (200) who have been sent to its cashier, and reads pages with
READERS: while nobody waits, while the buyers' pages ask how their orders stand as static/js/order.js does, and while
the cashier is frozen (SIGSTOP) meanwhile; all that ROUNDS times, so that what else the machine does falls on each
alike. Frozen, the 99th percentile of a page may be 1.5 times what it is while nobody waits. With NODE=1 the pages are
those of a node (deploy/node/uwsgi.ini) beside the site, on the same data, broker and workers.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SECONDS, ROUNDS = float(os.environ.get("SECONDS_EACH", "20")), int(os.environ.get("ROUNDS", "2"))
BUYERS, READERS = int(os.environ.get("BUYERS", "200")), 4
PACE = ((60, 2.0), (180, 5.0), (float("inf"), 10.0))  # as in order.js: until so many seconds after it began, seconds
GONE = 5.0  # seconds until the next question after one without an answer
MOST = 1.5
PARTS = {  # what a process's command line has in it
    "pages": "uwsgi",
    "front": "proxy.py",
    "money": "--queues money",
    "cashier": "manage.py cashier",
    "broker": "/broker",
}
FORM = "application/x-www-form-urlencoded"
FILL = """
import json
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from apps.orders import services
from apps.orders.views.tickets import ticket_for
from tests.factories import make_episode, make_plan, make_user
made, plan = [], make_plan()
for n in range({buyers}):
    user, store = make_user(), SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    store[BACKEND_SESSION_KEY] = "apps.users.backends.AnyNameBackend"
    store.save()
    order = services.place_order(user=user, item=plan, at=timezone.now())
    services.pay_by_gateway(order=order, phone=False, site="http://127.0.0.1/", at=timezone.now())
    made.append([order.number, store.session_key, ticket_for(order)])
{more}
print("MADE" + json.dumps([make_episode().movie_id, made]))
"""
TOKEN = "x" * 32  # of CSRF: what the cookie says, the form says too


class Buyer(NamedTuple):
    """An order's number, its buyer's session and the ticket of the page that waits."""

    number: str
    session: str
    ticket: str


class Waiting:
    """Buyers whose pages ask how their orders stand."""

    def __init__(self, port: int, buyers: list[Buyer]) -> None:
        self.answers: Counter[str] = Counter()
        self._port, self._over = port, threading.Event()
        self._threads = [
            threading.Thread(target=self._wait, args=(buyer, n / len(buyers)), daemon=True)
            for n, buyer in enumerate(buyers)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _wait(self, buyer: Buyer, share: float) -> None:
        self._over.wait(share * PACE[0][1])
        came = time.monotonic()
        while not self._over.is_set():
            status, text = post(self._port, "/order/check/", {"ticket": buyer.ticket}, buyer.session)
            said = json.loads(text) if status == 200 else {}
            self.answers[f"{status} {said.get('res', '')}".strip()] += 1
            looked = time.monotonic() - came
            pace = next(seconds for until, seconds in PACE if looked < until)
            self._over.wait(max(said.get("wait", GONE), pace) * random.uniform(0.85, 1.15))


@dataclass
class Seen:
    """Response times and statuses of pages in one situation."""

    times: list[float] = field(default_factory=list)  # seconds
    statuses: Counter[int] = field(default_factory=Counter)
    worked: Counter[str] = field(default_factory=Counter)  # seconds of CPU, by part of the site
    took: float = 0.0  # seconds

    def at(self, share: float) -> float:
        """The time, in milliseconds, that this share of the pages took at most."""
        return 1000 * sorted(self.times)[int(len(self.times) * share)]

    def line(self, name: str) -> str:
        worked = "  ".join(f"{part} {seconds / self.took:.2f}" for part, seconds in self.worked.items())
        return (
            f"{name:12} p50 {self.at(0.5):.0f} ms  p99 {self.at(0.99):.0f} ms  of {len(self.times)}  "
            f"{dict(self.statuses)}  cores: {worked}"
        )


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
    return next(pid for pid, line in site.processes().items() if PARTS["cashier"] in line)


def fill(site: Any, buyers: int, more: str = "") -> tuple[int, list[Buyer]]:
    """(a title, buyers who have been sent to the cashier), and what the code `more` makes."""
    said = site.manage("shell", "-v", "0", "-c", FILL.format(buyers=buyers, more=more))
    movie, made = json.loads(said.rsplit("MADE", 1)[1])
    return movie, [Buyer(*one) for one in made]


def read_pages(port: int, paths: list[tuple[str, str]], seen: Seen) -> None:
    """Add what it is like to read pages for SECONDS; each of `paths` with its session."""
    begun, until = time.monotonic(), time.monotonic() + SECONDS

    def read() -> None:
        while time.monotonic() < until:
            for path, session in paths:
                asked = time.perf_counter()
                seen.statuses[get(port, path, session)] += 1
                seen.times.append(time.perf_counter() - asked)
                time.sleep(0.1)

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    seen.took += time.monotonic() - begun


def worked(site: Any) -> Counter[str]:
    """The seconds of CPU that each part of the site has used."""
    found: Counter[str] = Counter(dict.fromkeys(PARTS, 0.0))
    for pid, line in site.processes().items():
        part = next((part for part, mark in PARTS.items() if mark in line), "")
        if part:
            spent = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
            found[part] += sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")  # type: ignore[assignment]
    return found


@contextmanager
def node_of(site: Any) -> Iterator[int]:
    """The port of a node beside the site; its own one without NODE."""
    if os.environ.get("NODE") != "1":
        yield site.port
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    node = subprocess.Popen(
        [ROOT / ".venv/bin/uwsgi", "--ini", "deploy/node/uwsgi.ini", "--http-socket", f"127.0.0.1:{port}"],
        cwd=ROOT, env={**os.environ, "DATA_DIR": str(site.data)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while get(port, "/") != 200:
            time.sleep(0.5)
        yield port
    finally:
        node.terminate()
        node.wait(timeout=60)


def measure(site: Any, port: int, movie: int, buyers: list[Buyer]) -> tuple[dict[str, Seen], Counter[str]]:
    """Response times with nobody waiting, with buyers waiting and with the gateway frozen; how polls were answered."""
    session = buyers[0].session
    paths = [("/", ""), (f"/single/{movie}/1/", session), ("/order/openvip/", session), ("/user/userown/", session)]
    found = {name: Seen() for name in ("nobody", "well", "frozen")}
    answers: Counter[str] = Counter()

    def read(name: str) -> None:
        before = worked(site)
        read_pages(port, paths, found[name])
        found[name].worked.update({part: spent - before[part] for part, spent in worked(site).items()})

    read_pages(port, paths, Seen())  # warm
    pid = cashier_of(site)
    for _ in range(ROUNDS):
        read("nobody")
        waiting = Waiting(port, buyers)
        read("well")
        os.kill(pid, signal.SIGSTOP)
        try:
            read("frozen")
        finally:
            os.kill(pid, signal.SIGCONT)
        waiting.end()
        answers += waiting.answers
        for name, seen in found.items():
            print(seen.line(name), flush=True)
    return found, answers


def main() -> None:
    sys.path.insert(0, str(ROOT))
    from tests.browser.conftest import start_site

    with tempfile.TemporaryDirectory() as folder:
        site = start_site(Path(folder), demo="0")
        try:
            movie, buyers = fill(site, BUYERS)
            with node_of(site) as port:
                found, answers = measure(site, port, movie, buyers)
        finally:
            site.stop()
    asked = sum(answers.values()) / (2 * ROUNDS * SECONDS)
    alone, well, frozen = (found[name].at(0.99) for name in ("nobody", "well", "frozen"))
    print(f"{BUYERS} wait: {asked:.0f} questions a second, answered {dict(sorted(answers.items()))}")
    print(f"p99 frozen is {frozen / alone:.2f} times that while nobody waits, {frozen / well:.2f} times that when well")
    failed = any(set(seen.statuses) != {200} for seen in found.values()) or any(key[:3] != "200" for key in answers)
    if failed or frozen > MOST * alone:
        raise SystemExit("Pages failed, or waited for the payment service.")


if __name__ == "__main__":
    main()
