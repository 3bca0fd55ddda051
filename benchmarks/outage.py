"""Pages while Redis works, hangs, is killed and is emptied: no 500, how long they take, and whether views are right.

Starts the embedded site on the loopback with a title for each of 20 users, half of them signed in. Each asks pages in
turn and sends heartbeats for a film; each phase lasts SECONDS (30). The embedded server starts a killed broker
again, so that it is killed four times a second. Views are counted afterwards: one for each user; emptying Redis
also forgets who was
counted, so that who goes on watching may count again.
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

ROOT = Path(__file__).resolve().parents[1]
SECONDS = float(os.environ.get("SECONDS_EACH", "30"))
USERS = 20
BEAT = 3.0  # seconds between two heartbeats of one user
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
print("MADE" + json.dumps(made))
"""
COUNTED = """
import json
from apps.movies.models import Movie
from apps.playback.models import Progress
print("MADE" + json.dumps([list(Movie.objects.values_list("plays", flat=True)), Progress.objects.count()]))
"""


class Users:
    """All that ask, and what they were answered in the current phase."""

    def __init__(self, port: int, made: list[tuple[int, str]]) -> None:
        self.port, self.asked = port, threading.Event()
        self.times: list[float] = []  # seconds of each GET
        self.answers: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._one, args=one, daemon=True) for one in made]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self.asked.set()
        for thread in self._threads:
            thread.join(timeout=30)

    def _one(self, movie: int, cookie: str) -> None:
        number, beat_at, paths = 0, 0.0, ["/", f"/single/{movie}/1/", "/search/?q=1", "/user/login/"]
        while not self.asked.is_set():
            for path in paths:
                began = time.perf_counter()
                status, _ = self._ask("GET", path, cookie)
                self.times.append(time.perf_counter() - began)
                self.answers[f"GET {status // 100}xx"] += 1
                time.sleep(0.2)
            if time.monotonic() - beat_at >= BEAT:
                beat_at, number = time.monotonic(), number + 1
                body = json.dumps(
                    {"position": number * BEAT, "duration": 3600, "playing": True, "tab": "t", "number": number}
                )
                status, got = self._ask("POST", f"/play/{movie}/1/progress/", cookie, body)
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
    name: str, users: Users, seconds: float, during: Callable[[], None] | None = None, every: float = 0.25
) -> bool:
    """Let it happen and print what the users saw; False if a GET failed."""
    users.times, users.answers = [], Counter()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if during:
            during()
        time.sleep(every)
    times = sorted(users.times)
    p50, p99 = (1000 * times[int(len(times) * share)] for share in (0.5, 0.99))
    print(f"{name:9} p50 {p50:.0f} ms  p99 {p99:.0f} ms  {dict(sorted(users.answers.items()))}", flush=True)
    return not users.answers["GET 5xx"]


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

        try:
            socket = Path(f"/proc/{broker()}/cmdline").read_bytes().decode().rsplit("unixsocket:", 1)[-1].strip("\0 ")
            users = Users(site.port, told(FILL.format(users=USERS)))
            held = [phase("well", users, SECONDS)]
            held.append(phase("killed", users, SECONDS, lambda: kill(signal.SIGKILL)))
            held.append(phase("healed", users, SECONDS))
            pid = broker()
            os.kill(pid, signal.SIGSTOP)
            held.append(phase("hung", users, SECONDS))
            os.kill(pid, signal.SIGCONT)
            held.append(phase("healed", users, SECONDS + 35))  # the views of half a minute are brought over
            plays, rows = told(COUNTED)
            print(f"views {sorted(plays)}, progress of {rows}")
            held += [sorted(plays) == [1] * USERS, rows == USERS // 2]
            with Redis(unix_socket_path=socket) as redis:
                held.append(phase("flushed", users, SECONDS, lambda: redis.flushall() and None, every=5.0))
            held.append(phase("healed", users, SECONDS))
            users.end()
            time.sleep(35)
            plays, rows = told(COUNTED)
            print(f"views {sorted(plays)}, progress of {rows}")
        finally:
            site.stop()
    if not all(held):
        raise SystemExit("Pages failed, or views are wrong.")


if __name__ == "__main__":
    main()
