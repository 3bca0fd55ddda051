"""Requests per second of the home and watch pages against an empty Django view under the same server.

Starts one uWSGI worker on the loopback interface with a catalogue of 200 titles. Four clients request the page and the
empty view in turn, a few times each, with gzip like a browser. "kept" is the response to an anonymous viewer from the
page cache; "made" is the same page with the cache invalidated before each request; "signed in" is a page of a signed-in
viewer, which reuses the cached rows of cards.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

from common.pairs import compare

ROOT = Path(__file__).resolve().parents[1]
TITLES = 200
REQUESTS = 12  # of one round
PAIRS = 15
CLIENTS = 4
PORT = 8971
EMPTY = """
from django.http import HttpResponse
from django.urls import path
from streamsite.urls import urlpatterns
urlpatterns = [*urlpatterns, path("empty/", lambda request: HttpResponse("ok"))]
"""


def ask(path: str, cookie: str = "", *, renewed: bool = False) -> float:
    """Seconds that REQUESTS of one address take; `renewed`: nothing kept may be used."""
    from utils.cache import invalidate_pages

    headers = {"Accept-Encoding": "gzip", **({"Cookie": cookie} if cookie else {})}
    failures: list[int] = []

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
        for _ in range(REQUESTS // CLIENTS):
            if renewed:
                invalidate_pages()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                failures.append(answer.status)

    clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
    began = time.perf_counter()
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    if failures:
        raise SystemExit(f"{path} answered {set(failures)}")
    return time.perf_counter() - began


def wait_for_server() -> None:
    """Return when the port takes connections; SystemExit after half a minute."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", PORT)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit("The server did not start.")


def fill() -> int:
    """The catalogue; returns a movie's id."""
    from tests.factories import make_category, make_episode, make_movie

    for n in range(TITLES):
        make_episode(movie=make_movie(category=make_category(f"c{n % 6}"), plays_week=n, summary="字" * 200))
    return TITLES


def session() -> str:
    """The cookie of a signed-in session."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from tests.factories import make_user

    user, store = make_user(), SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    store[BACKEND_SESSION_KEY] = "apps.users.backends.AnyNameBackend"
    store.save()
    return f"sessionid={store.session_key}"


def main() -> None:
    sys.path.insert(0, str(ROOT))
    import tests.environment

    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "bench_urls.py").write_text(EMPTY)
        (Path(name) / "bench_settings.py").write_text(
            'from streamsite.settings import *\nROOT_URLCONF = "bench_urls"\n'
        )
        sys.path.insert(0, name)
        os.environ["DJANGO_SETTINGS_MODULE"] = "bench_settings"
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        movie = fill()
        server = subprocess.Popen(
            [
                *(str(ROOT / ".venv/bin/uwsgi"), "--http-socket", f"127.0.0.1:{PORT}", "--master", "--processes", "1"),
                *("--module", "streamsite.wsgi:application", "--pythonpath", name, "--die-on-term", "--need-app"),
                *("--add-header", "Connection: close", "--disable-logging", "--virtualenv", str(ROOT / ".venv")),
            ],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for_server()
            signed_in = session()
            for path in ("/", f"/single/{movie}/1/"):
                for how, cookie, renewed in (("kept", "", False), ("made", "", True), ("signed in", signed_in, False)):
                    found = compare(partial(ask, path, cookie, renewed=renewed), partial(ask, "/empty/"), pairs=PAIRS)
                    page, empty = REQUESTS / found.ours, REQUESTS / found.reference
                    print(
                        f"  {page:.1f} requests/s, empty view {empty:.1f}; {found.busy:.2f} of a processor for asking"
                    )
                    print(f"{path} {how} {found}")
        finally:
            server.terminate()
            server.wait(timeout=20)
            tests.environment.pytest_unconfigure()


if __name__ == "__main__":
    main()
