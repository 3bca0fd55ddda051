"""Search at 100,000 titles, on SQLite and MariaDB, through Haystack: rebuild, search, suggestion, update, and readers
beside writers. Finally Haystack's own Whoosh engine, with 5,000 titles.

Titles come from ../shared/data/titles if that folder exists, completed by invented ones. All figures are processor
times, of the database server as well, since others may use the machine; its load is printed. The ratio to Whoosh is
measured in the same run.

Usage: search.py [sqlite | mariadb]… [--titles N] [--seconds N]; --titles 1000000 on SQLite is asked for p99 <= 10 ms
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from common.titles import fill, queries

ROOT = Path(__file__).resolve().parents[1]
UPDATES = 200
SMALL = 5_000  # titles for Whoosh
LARGE = 1_000_000  # titles from which the limits are LIMITS_OF_LARGE
READERS, WRITERS = 4, 2
# Upper bounds in milliseconds: (p50, p99) of the engine including the lookup of ids; through Haystack, twice as much.
LIMITS: dict[str, dict[str, Any]] = {
    "sqlite": {"search": (1, 5), "suggestion": (None, 10), "update": (5, None), "rebuild": 30},
    "mariadb": {"search": (4, 20), "suggestion": (None, 10), "update": (5, None), "rebuild": 60},
}
LIMITS_OF_LARGE: dict[str, Any] = {"search": (None, 10), "suggestion": (None, None), "update": (None, None)}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("databases", nargs="*", default=["sqlite", "mariadb"], choices=["sqlite", "mariadb"])
    options.add_argument("--titles", type=int, default=100_000)
    options.add_argument("--seconds", type=int, default=30, help="of readers beside writers")
    options.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        measure(given.databases[0], given.titles, given.seconds)
        return
    failed = []
    for database in given.databases:
        with tempfile.TemporaryDirectory() as name:
            if run(database, Path(name), given):
                failed.append(database)
    if failed:
        raise SystemExit(f"missed on {' and '.join(failed)}")


def run(database: str, folder: Path, given: argparse.Namespace) -> int:
    """One database, in a process of its own: settings are read once. Returns the process's exit status."""
    sys.path.insert(0, str(ROOT))
    from tests import mariadb

    env = {k: v for k, v in os.environ.items() if k != "STREAMSITE_TEST_DATABASE"}
    env |= {"BENCH_FOLDER": str(folder)}
    command = [sys.executable, __file__, database, "--child", "--titles", str(given.titles), "--seconds"]
    command.append(str(given.seconds))
    if database == "sqlite":
        return subprocess.run(command, env=env | {"BENCH_DATABASE": f"sqlite:///{folder}/db.sqlite3"}).returncode
    with mariadb.running(folder) as address:
        pid = (folder / "m.pid").read_text().strip()
        url = mariadb.create_database(address, "streamsite")
        # room for the catalogue, and a redo log of the default size
        tune = "SET GLOBAL innodb_buffer_pool_size = 1073741824; SET GLOBAL innodb_log_file_size = 100663296"
        port = address.rsplit(":", 1)[1]
        client = [mariadb.program("mariadb"), "--no-defaults", "--protocol=tcp", "-h127.0.0.1", f"-P{port}", "-uroot"]
        subprocess.run([*client, "-e", tune], check=True)
        return subprocess.run(command, env=env | {"BENCH_DATABASE": url, "BENCH_SERVER": pid}).returncode


def measure(database: str, titles: int, seconds: int) -> None:
    """Everything on one database; prints the figures, and fails where one is missed."""
    sys.path.insert(0, str(ROOT))
    import tests.environment

    os.environ["DATABASE_URL"] = os.environ["BENCH_DATABASE"]
    os.environ["DJANGO_SETTINGS_MODULE"] = "streamsite.settings"
    import django

    gc.enable()  # as in a site's processes
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    catalogue = fill(titles)
    print(f"{database}, {titles} titles; load {os.getloadavg()[0]:.1f}", flush=True)
    limits, missed = LIMITS[database] if titles < LARGE else LIMITS_OF_LARGE, []
    missed += told("rebuild", rebuilt(), limits.get("rebuild"), "s")
    kinds = queries(catalogue)
    everything = [query for of_kind in kinds.values() for query in of_kind]
    for name, ask, kind_limits in (
        ("engine", engine_search, limits["search"]),
        ("Haystack", haystack_search, tuple(one and 2 * one for one in limits["search"])),
        ("suggestion", suggestion, limits["suggestion"]),
    ):
        for kind, of_kind in kinds.items():
            timed(ask, of_kind, f"  {name}, {kind}")
        missed += judged(name, timed(ask, everything, name), kind_limits)
    missed += judged("update", updates(), limits["update"])
    failures, asked, written = together(everything, seconds)
    print(f"{READERS} readers and {WRITERS} writers, {seconds} s: {asked} searches, {written} updates", flush=True)
    missed += [f"{len(failures)} errors beside writers: {failures[0]}"] if failures else []
    print(f"load {os.getloadavg()[0]:.1f}", flush=True)
    if database == "sqlite":
        missed += against_whoosh(everything)
    tests.environment.pytest_unconfigure()
    if missed:
        raise SystemExit("; ".join(missed))


# --- what is measured ------------------------------------------------------------------------


def rebuilt() -> float:
    """Seconds of processor time of a rebuild, the server's included."""
    from utils.fulltext.rebuilding import rebuild

    began = time.process_time() + server_time()
    rebuild()
    return time.process_time() + server_time() - began


def engine_search(text: str) -> int:
    """One page from the engine: ids in order, and how many there are."""
    from haystack import connections

    from utils.fulltext.syntax import term

    backend = connections["default"].get_backend()
    found = backend.search(term("content", "content", text), end_offset=24, fields=["pk"])
    return int(found["hits"])


def haystack_search(text: str) -> int:
    """The same through a SearchQuerySet."""
    from haystack.query import SearchQuerySet

    found = SearchQuerySet().filter(content=text).values_list("pk", flat=True)
    return len(list(found[:24]))


def suggestion(text: str) -> int:
    """Eight titles, as the search box asks while somebody types."""
    from haystack.query import SearchQuerySet

    return len(list(SearchQuerySet().filter(content=text[:12]).values_list("pk", "title")[:8]))


def updates() -> list[float]:
    """Seconds of one title's update each."""
    from apps.movies.models import Movie
    from utils.fulltext.rebuilding import refresh

    times = []
    for number, pk in enumerate(Movie.objects.order_by("?").values_list("pk", flat=True)[:UPDATES]):
        Movie.objects.filter(pk=pk).update(plays=10_000 + 977 * number)
        times.append(taken(lambda pk=pk: refresh(Movie, [pk])))
    return times


def together(texts: list[str], seconds: int) -> tuple[list[str], int, int]:
    """Errors, searches and updates of readers and writers at once, each in a process of its own."""
    from django.db import connections as databases

    databases.close_all()  # a connection that children share would end with the first of them
    until = time.time() + seconds
    children = []
    for number in range(READERS + WRITERS):
        receiver, sender = os.pipe()
        if not (pid := os.fork()):
            os.close(receiver)
            os.write(sender, json.dumps(busy(number, texts, until)).encode()[:4000])
            os._exit(0)
        os.close(sender)
        children.append((pid, receiver, number))
    failures, counts = [], [0, 0]
    for pid, receiver, number in children:
        told_by_child = json.loads(os.read(receiver, 8000) or b'{"failures": ["died"], "done": 0}')
        os.waitpid(pid, 0)
        failures += told_by_child["failures"]
        counts[number >= READERS] += told_by_child["done"]
    return failures, counts[0], counts[1]


def busy(number: int, texts: list[str], until: float) -> dict[str, Any]:
    """A reader's or writer's work until then."""
    from haystack import connections

    from apps.movies.models import Movie
    from utils.fulltext.rebuilding import refresh

    connections.reload("default").get_backend().silently_fail = False
    draw, failures, done = random.Random(number), [], 0
    pks = list(Movie.objects.order_by("pk").values_list("pk", flat=True)[:5000])
    while time.time() < until:
        try:
            if number < READERS:
                haystack_search(draw.choice(texts))
            else:
                pk = draw.choice(pks)
                Movie.objects.filter(pk=pk).update(plays=draw.randrange(100_000))
                refresh(Movie, [pk])
            done += 1
        except Exception as error:  # counted, not raised: any is a failure
            failures.append(repr(error)[:200])
            if len(failures) > 5:
                break
    return {"failures": failures, "done": done}


def against_whoosh(texts: list[str]) -> list[str]:
    """How many times faster a search is than Haystack's own Whoosh engine over the same titles."""
    from django.conf import settings
    from haystack import connections
    from haystack.query import SearchQuerySet

    from apps.movies.models import Movie

    index = connections["default"].get_unified_index().get_index(Movie)
    some = list(index.index_queryset()[:SMALL])
    settings.HAYSTACK_CONNECTIONS["stock"] = {
        "ENGINE": "haystack.backends.whoosh_backend.WhooshEngine",
        "PATH": f"{os.environ['BENCH_FOLDER']}/whoosh",
    }
    stock = connections["stock"].get_backend()
    for field in connections["stock"].get_unified_index().all_searchfields().values():
        field.analyzer = None  # ours aren't Whoosh's
    stock.update(index, some)
    words = [text for text in texts if len(text) > 1][:: max(len(texts) // 100, 1)]
    theirs = [taken(lambda text=text: list(SearchQuerySet(using="stock").filter(content=text)[:24])) for text in words]
    ours = [taken(lambda text=text: haystack_search(text)) for text in words]
    ratio = statistics.mean(theirs) / statistics.mean(ours)
    mean = 1e3 * statistics.mean(theirs)
    print(f"stock Whoosh, {SMALL} titles: mean {mean:.1f} ms; ours, with all titles: {ratio:.0f} times faster")
    return [] if ratio >= 50 else [f"only {ratio:.0f} times faster than Whoosh"]


# --- figures ---------------------------------------------------------------------------------


def taken(ask: Callable[[], object]) -> float:
    """Seconds of processor time of one call, with those of the connection's thread in the server."""
    at = connection_time()
    began = time.process_time()
    ask()
    return time.process_time() - began + connection_time() - at


def timed(ask: Callable[[str], int], texts: list[str], name: str) -> list[float]:
    """Seconds of one search for each text, in an order of their own; prints p50 and p99."""
    for text in texts[:20]:
        ask(text)
    shuffled = random.Random(7).sample(texts, len(texts))
    times = [taken(lambda text=text: ask(text)) for text in shuffled]
    print(f"{name}: p50 {p(times, 50):.2f} ms, p99 {p(times, 99):.2f} ms", flush=True)
    return times


def p(times: list[float], percent: int) -> float:
    """A percentile in milliseconds."""
    return 1e3 * statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


def judged(name: str, times: list[float], limits: tuple[float | None, float | None]) -> list[str]:
    """What is over its limit."""
    found = [(percent, p(times, percent), most) for percent, most in zip((50, 99), limits, strict=True) if most]
    if name == "update":
        print(f"update: p50 {p(times, 50):.2f} ms, p99 {p(times, 99):.2f} ms", flush=True)
    return [f"{name}: p{percent} {is_:.1f} ms of {most}" for percent, is_, most in found if is_ > most]


def told(name: str, figure: float, most: float | None, unit: str) -> list[str]:
    """Print one figure; what is over its limit."""
    print(f"{name}: {figure:.1f} {unit}", flush=True)
    return [f"{name}: {figure:.1f} of {most} {unit}"] if most and figure > most else []


def server_time() -> float:
    """Seconds of processor time that MariaDB has used; 0 on SQLite."""
    if not (pid := os.environ.get("BENCH_SERVER")):
        return 0
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def connection_time() -> float:
    """Seconds of processor time of MariaDB's thread for this connection; 0 on SQLite."""
    if not (pid := os.environ.get("BENCH_SERVER")):
        return 0
    from django.db import connection

    connection.ensure_connection()
    thread = _thread_of(connection.connection.thread_id())
    return int(Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0]) / 1e9


@cache
def _thread_of(identity: int) -> int:
    """The server's thread of the connection with this identity in the server."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT tid FROM information_schema.processlist WHERE id = %s", [identity])
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    main()
