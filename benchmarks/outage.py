"""Pages while Redis works, hangs, is killed and is emptied: no 500, how long they take, and whether views are right.

Starts the embedded site on the loopback with 20 users, half of them signed in. Each asks pages in turn and watches two
films: one of its own from the first phase to the last, and one that all users watch in this phase only. Each phase
lasts SECONDS_EACH (30; a view takes a third of that). The embedded server starts a killed broker again, so that it is
killed four times a second; Redis is emptied five times. After each phase every film has one view of each of its users,
and the last sums them up: nothing waits to be counted.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SECONDS = float(os.environ.get("SECONDS_EACH", "30"))
USERS = 20
BEAT = 5.0  # seconds between two heartbeats of one user
SUMMED_WITHIN = 45.0  # seconds: every 30 it is done
FILL = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from tests.factories import make_episode, make_user
made = []
for n in range({users}):
    user, store = make_user(), SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    store[BACKEND_SESSION_KEY] = "apps.users.backends.AnyNameBackend"
    store.save()
    made.append([make_episode(duration=3600).movie_id, f"sessionid={{store.session_key}}" if n % 2 else ""])
import json
print("MADE" + json.dumps([made, [make_episode(duration=3600).movie_id for _ in range({phases})]]))
"""
COUNTED = """
import json
from collections import Counter
from apps.movies.models import Movie, Play
from apps.playback.models import Progress
waiting = Counter(Play.objects.values_list("movie", flat=True))
print("MADE" + json.dumps([
    {movie: plays + waiting[movie] for movie, plays in Movie.objects.values_list("pk", "plays")},
    waiting.total(), Progress.objects.count(),
]))
"""
PHASES = 7


class Users:
    """All that ask, and what they were answered in the current phase."""

    def __init__(self, port: int, made: list[tuple[int, str]]) -> None:
        self.port, self.over, self.film = port, threading.Event(), 0
        self.times: list[float] = []  # seconds of each GET
        self.answers: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._one, args=one, daemon=True) for one in made]

    def begin(self, film: int) -> None:
        """Begin a phase, in which all watch that film as well."""
        self.film, self.times, self.answers = film, [], Counter()
        for thread in self._threads:
            if not thread.ident:
                thread.start()

    def end(self) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join(timeout=30)

    def _one(self, movie: int, cookie: str) -> None:
        number, beat_at, paths = 0, 0.0, ["/", f"/single/{movie}/1/", "/search/?q=1", "/user/login/"]
        while not self.over.is_set():
            for path in paths:
                began = time.perf_counter()
                status, _ = self._ask("GET", path, cookie)
                self.times.append(time.perf_counter() - began)
                self.answers[f"GET {status // 100}xx"] += 1
                time.sleep(0.2)
            if time.monotonic() - beat_at >= BEAT:
                beat_at, number = time.monotonic(), number + 1
                for film in (movie, self.film):
                    body = json.dumps(
                        {"position": number * BEAT, "duration": 3600, "playing": True, "tab": "t", "number": number}
                    )
                    status, got = self._ask("POST", f"/play/{film}/1/progress/", cookie, body)
                    cookie = cookie or got
                    self.answers[f"heartbeat {status // 100}xx"] += 1

    def _ask(self, method: str, path: str, cookie: str, body: str = "") -> tuple[int, str]:
        """(status, the cookie that was set); 599 without an answer."""
        headers = {"Cookie": cookie} if cookie else {}
        if body:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body=body or None, headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, (answer.getheader("Set-Cookie") or "").split(";")[0]
        except OSError:
            return 599, ""
        finally:
            connection.close()


def phase(
    name: str, users: Users, film: int, seconds: float, during: Callable[[], None] | None = None, every: float = 0.25
) -> float:
    """Let it happen and print what the users saw; the milliseconds that 99 of 100 pages take at most."""
    users.begin(film)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if during:
            during()
        time.sleep(every)
    times, answers = sorted(users.times), dict(sorted(users.answers.items()))
    p50, p99 = (1000 * times[int(len(times) * share)] for share in (0.5, 0.99))
    print(f"{name:9} p50 {p50:.0f} ms  p99 {p99:.0f} ms  {answers}", flush=True)
    if answers.keys() - {"GET 2xx", "GET 3xx", "heartbeat 2xx"}:  # the sign-in page redirects signed-in users
        raise SystemExit(f"{name}: requests failed.")
    return p99


def main() -> None:
    sys.path.insert(0, str(ROOT))
    from redis import Redis

    from tests.browser.conftest import start_site

    with tempfile.TemporaryDirectory() as folder:
        site = start_site(Path(folder), demo="0")

        def told(code: str) -> list:
            return json.loads(site.manage("shell", "-v", "0", "-c", code).rsplit("MADE", 1)[1])

        def broker() -> int:
            return next(
                (pid for pid, line in site.processes().items() if "broker.sock" in line or "/broker" in line), 0
            )

        def kill(number: int) -> None:
            if pid := broker():
                os.kill(pid, number)

        def count(name: str) -> int:
            """Look at all counters; returns how many views aren't summed up yet. Raises if one is wrong."""
            plays, waiting, rows = told(COUNTED)
            seen.append(name)
            expected = {str(movie): 1 for movie, _ in made} | {str(film): USERS for film in films[: len(seen)]}
            wrong = {movie: n for movie, n in plays.items() if n != expected.get(movie, 0)}
            print(f"          views of {len(expected)} films, {waiting} waiting to be summed up, wrong: {wrong or 0}")
            if wrong or rows != USERS // 2 * (1 + len(seen)):
                raise SystemExit(f"{name}: views are wrong, or the progress of {rows}.")
            return waiting

        try:
            socket = Path(f"/proc/{broker()}/cmdline").read_bytes().decode().rsplit("unixsocket:", 1)[-1].strip("\0 ")
            made, films = told(FILL.format(users=USERS, phases=PHASES))
            users, seen = Users(site.port, made), []

            def go(name: str, seconds: float = SECONDS, **during: Any) -> float:
                p99 = phase(name, users, films[len(seen)], seconds, **during)
                count(name)
                return p99

            well = go("well")
            go("killed", during=lambda: kill(signal.SIGKILL))
            go("healed")
            pid = broker()
            os.kill(pid, signal.SIGSTOP)
            hung = go("hung")
            os.kill(pid, signal.SIGCONT)
            go("healed")
            with Redis(unix_socket_path=socket) as redis:
                go("flushed", during=lambda: redis.flushall() and None, every=SECONDS / 5)
            go("healed")
            users.end()
            print(f"p99 while Redis hung: {hung - well:+.0f} ms", flush=True)
            until = time.monotonic() + SUMMED_WITHIN
            while told(COUNTED)[1]:
                if time.monotonic() > until:
                    raise SystemExit("The views aren't summed up.")
                time.sleep(1)
            print("all views are summed up")
        finally:
            site.stop()


if __name__ == "__main__":
    main()
