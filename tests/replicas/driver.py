"""Plays reads and writes on a primary with two replicas that lag, stop, die and hang; writes what came out as JSON."""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.replicas.cluster import PRIMARY, Server, running

PAIRS = int(os.environ.get("PAIRS", "300"))
DRAWN = 4000  # choices by weight
WEIGHTS = (3, 1)
LONGEST_LAG = 3.0  # seconds
COSTED = 20_000  # questions to the router
GIVEN_UP = 60.0  # seconds


def play(servers: list[Server]) -> dict[str, Any]:
    """All scenes, in order."""
    from django.test.utils import override_settings

    told: dict[str, Any] = {"settled": until(lambda: _usable() == ["replica1", "replica2"])}
    told["routes"] = routes()
    told["weights"] = weights()
    told["cost"] = cost()
    with override_settings(ROOT_URLCONF="tests.replicas.views"):
        told["lag"] = fault(servers[1], "replica1", stop_applying, apply)
        told["killed"] = fault(servers[2], "replica2", Server.kill, Server.start)
        told["hung"] = fault(servers[1], "replica1", Server.freeze, Server.thaw)
        with override_settings(REPLICA_MAX_LAG=60_000):  # only the position keeps a viewer from a stale replica
            told["pairs"] = pairs(servers[1:], PAIRS)
            told["published"] = published(servers[1:])
    told["home"] = home()
    return told


def until(condition: Callable[[], bool]) -> float:
    """Seconds until the condition holds."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > GIVEN_UP:
            raise TimeoutError
        time.sleep(0.01)
    return time.monotonic() - began


def _usable() -> list[str]:
    from utils.replicas.routing import watch

    watch().start()
    return [one.alias for one in watch().replicas if one.is_usable()]


def stop_applying(server: Server) -> None:
    server.execute("STOP SLAVE SQL_THREAD")


def apply(server: Server) -> None:
    server.execute("START SLAVE SQL_THREAD")


def routes() -> dict[str, str]:
    """Where each kind of access reads: "replica", or "default"."""
    from django.db import router, transaction
    from django.db.models import F
    from django.db.models.expressions import RawSQL

    from apps.movies.models import Category, Movie
    from apps.notices.models import Notice
    from apps.orders.models import Order
    from apps.playback.models import Progress
    from apps.search.models import HotSearch, RecentSearch
    from apps.users.models import User
    from apps.wallet.models import Wallet
    from utils.fulltext.models import Index
    from utils.replicas.routing import reading

    def where(model: Any) -> str:
        return str(router.db_for_read(model)).rstrip("12")

    def server(rows: Any) -> str:
        number = rows.annotate(server=RawSQL("@@server_id", [])).values_list("server", flat=True)[0]
        return "default" if number == PRIMARY else "replica"

    models = (Movie, Category, Notice, HotSearch, Index, RecentSearch, User, Order, Wallet, Progress)
    told = {f"outside {model.__name__}": where(model) for model in models}
    User.objects.create(username="a", email="a@example.com")
    Category.objects.create(name="甲", slug="a")
    seconds = until(lambda: _in_reading(lambda: Category.objects.filter(slug="a").exists()))
    assert seconds < GIVEN_UP
    _forget()
    with reading():
        told |= {model.__name__: where(model) for model in models}
        told["rows"] = server(Category.objects.all())
        told["joined with accounts"] = server(Category.objects.extra(tables=["users_user"]))
        with transaction.atomic():
            told["transaction"] = where(Category)
            told["rows in a transaction"] = server(Category.objects.all())
            told["locked"] = Category.objects.select_for_update().db
        told["after the transaction"] = where(Category)
        committed: list[str] = []
        with transaction.atomic():
            Category.objects.filter(slug="a").update(order=F("order") + 1)
            transaction.on_commit(lambda: committed.append(where(Category)))
        told["on commit"] = committed[0]
        told["after a write"] = where(Category)
    _forget()
    with reading():
        one, _ = Category.objects.get_or_create(slug="a", defaults={"name": "乙"})
        told["get_or_create"] = one._state.db
    _forget()
    with reading():
        one = Category.objects.get(slug="a")
        told["read"] = one._state.db.rstrip("12")
        one.name = "丙"
        one.save()
        told["saved"] = one._state.db
    _forget()
    return told


def _in_reading(read: Callable[[], Any]) -> Any:
    from utils.replicas.routing import reading

    with reading():
        return read()


def _forget() -> None:
    """As a request begins."""
    from django.db import connection

    connection.has_written = False  # type: ignore[attr-defined]  # of utils.mariadb


def weights() -> dict[str, int]:
    from apps.notices.models import Notice
    from utils.replicas.routing import alias_for_read

    assert Notice.objects.count() == 0
    return dict(Counter(_in_reading(alias_for_read) for _ in range(DRAWN)))


def cost() -> dict[str, float]:
    """Microseconds of processor time: of a question to the router, and of a request's first."""
    from django.db import router

    from apps.notices.models import Notice
    from utils.replicas.routing import needs_primary, reading

    sql = str(Notice.objects.all().query) * 4

    def per(call: Callable[[], Any], times: int) -> float:
        began = time.thread_time()
        for _ in range(times):
            call()
        return (time.thread_time() - began) / times * 1e6

    with reading():
        asked = per(lambda: router.db_for_read(Notice), COSTED)
    first = per(lambda: _in_reading(lambda: router.db_for_read(Notice)), COSTED // 10)
    return {
        "question": asked,
        "first": first,
        "tables": per(lambda: needs_primary(sql), COSTED),
        "watching": watching(),
    }


def watching() -> float:
    """Share of a processor that the threads take."""
    used, began = time.process_time(), time.monotonic()
    time.sleep(3)
    return (time.process_time() - used) / (time.monotonic() - began)


def fault(server: Server, alias: str, begin: Callable[[Server], None], end: Callable[[Server], None]) -> dict[str, Any]:
    """Readers while a replica fails and comes back."""
    notice, stop, took, wrong = _notice(), threading.Event(), [], []

    def read_on() -> None:
        from django.db import connections

        browser = client()
        while not stop.is_set():
            began = time.monotonic()
            response = browser.get("/read", {"notice": notice})
            took.append(time.monotonic() - began)
            if response.status_code != 200:
                wrong.append(response.status_code)
        connections.close_all()

    readers = [threading.Thread(target=read_on) for _ in range(4)]
    for one in readers:
        one.start()
    time.sleep(0.5)
    begin(server)
    out = until(lambda: alias not in _usable())
    time.sleep(1)
    end(server)
    back = until(lambda: alias in _usable())
    stop.set()
    for one in readers:
        one.join()
    return {"out": out, "back": back, "requests": len(took), "slowest": max(took), "wrong": wrong}


def client() -> Any:
    from django.test import Client

    return Client(SERVER_NAME="localhost", raise_request_exception=False)


def _notice() -> int:
    """A notice that all replicas have."""
    from django.db import connections

    from apps.notices.models import Notice

    pk: int = Notice.objects.create(title="0").pk
    for alias in ("replica1", "replica2"):
        until(lambda alias=alias: Notice.objects.using(alias).filter(pk=pk).exists())
        connections[alias].close()
    return pk


@contextmanager
def lagging(replicas: list[Server]) -> Iterator[None]:
    """Each replica stops applying for up to LONGEST_LAG seconds, again and again."""
    stop = threading.Event()

    def disturb(server: Server, seed: int) -> None:
        draw = random.Random(seed)
        while not stop.is_set():
            stop_applying(server)
            stop.wait(draw.uniform(0, LONGEST_LAG))
            apply(server)
            stop.wait(draw.uniform(0, LONGEST_LAG))

    threads = [threading.Thread(target=disturb, args=(server, n)) for n, server in enumerate(replicas)]
    for one in threads:
        one.start()
    try:
        yield
    finally:
        stop.set()
        for one in threads:
            one.join()


def pairs(replicas: list[Server], number: int) -> dict[str, Any]:
    """Viewers write and read what they wrote, each beside an anonymous reader."""
    each, viewers = max(1, number // 4), 4
    notices = [_notice() for _ in range(viewers)]
    stale: list[Any] = []
    own, anonymous = Counter[int](), Counter[int]()

    def view(notice: int, seed: int) -> None:
        from django.db import connections

        draw, browser, other = random.Random(seed), client(), client()
        for turn in range(each):
            title = f"{seed}-{turn}"
            assert browser.post("/write", {"notice": notice, "title": title}).status_code == 200
            if draw.random() < 0.5:
                time.sleep(draw.uniform(0, 0.02))
            found = browser.get("/read", {"notice": notice}).json()
            own[found["server"]] += 1
            if found["title"] != title:
                stale.append((title, found))
            anonymous[other.get("/read", {"notice": notice}).json()["server"]] += 1
        connections.close_all()

    began = time.monotonic()
    with lagging(replicas):
        threads = [threading.Thread(target=view, args=(notice, n)) for n, notice in enumerate(notices)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    return {"pairs": own.total(), "stale": stale, "own": own, "anonymous": anonymous,
            "seconds": time.monotonic() - began}  # fmt: skip


def published(replicas: list[Server]) -> dict[str, int]:
    """What is published is what everybody reads next, though no replica has it; later they answer again."""
    from apps.notices.models import Notice
    from utils.cache import invalidate_pages

    notice, visitor = _notice(), client()
    for server in replicas:
        stop_applying(server)
    Notice.objects.filter(pk=notice).update(title="published")
    invalidate_pages()
    found = visitor.get("/read", {"notice": notice}).json()
    for server in replicas:
        apply(server)
    until(lambda: visitor.get("/read", {"notice": notice}).json()["server"] != PRIMARY)
    return {"fresh": found["title"] == "published", "server": found["server"]}


def home() -> dict[str, int]:
    """Statements of an anonymous home page, by database."""
    from django.core.cache import cache
    from django.db import connections, reset_queries

    cache.clear()
    browser = client()
    browser.get("/")  # connects
    cache.clear()
    until(lambda: len(_usable()) == 2)
    for one in connections.all():
        one.force_debug_cursor = True
    reset_queries()
    assert browser.get("/").status_code == 200
    return {one.alias.rstrip("12"): len(one.queries_log) for one in connections.all() if one.queries_log}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as servers:
        os.environ["DATABASE_URL"] = servers[0].address
        os.environ["DATABASE_REPLICA_URLS"] = ",".join(
            f"{server.address}?weight={weight}" for server, weight in zip(servers[1:], WEIGHTS, strict=True)
        )
        os.environ["DJANGO_SETTINGS_MODULE"] = "streamsite.settings"
        import django

        django.setup()
        from django.core.management import call_command

        call_command("collectstatic", interactive=False, verbosity=0)
        Path(sys.argv[1]).write_text(json.dumps(play(servers)))
