"""Search at 100,000 titles, on SQLite and MariaDB, through Haystack: rebuild, search, suggestion, update, and readers
beside writers. References in the same run: reading the catalogue, LIKE, storing a title, and Haystack's own Whoosh
engine with 5,000 titles.

Titles come from ../shared/data/titles if that folder exists, completed by invented ones. All figures are processor
times, of the database server as well, since others may use the machine; its load is printed. A figure that is missed
or can't be measured doesn't keep the others from being printed.

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
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common.processor import Limits, judged, taken, told, total
from common.titles import fill, queries

ROOT = Path(__file__).resolve().parents[1]
UPDATES = 200
WARM = 20  # searches before those that are timed
LIKED = 60  # searches that are compared with LIKE
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
    """Everything on one database; prints each figure as soon as it is known, and fails in the end if one is missed."""
    sys.path.insert(0, str(ROOT))
    import tests.environment

    os.environ["DATABASE_URL"] = os.environ["BENCH_DATABASE"]
    os.environ["DJANGO_SETTINGS_MODULE"] = "streamsite.settings"
    import django

    gc.enable()  # as in a site's processes
    django.setup()
    from django.core.management import call_command

    began = time.monotonic()
    call_command("migrate", verbosity=0)
    catalogue = fill(titles)
    print(f"{database}, {titles} titles; load {os.getloadavg()[0]:.1f}", flush=True)
    limits = LIMITS[database] if titles < LARGE else LIMITS_OF_LARGE
    through = tuple(one and 2 * one for one in limits["search"])
    kinds = queries(catalogue)
    everything = [query for of_kind in kinds.values() for query in of_kind]
    missed = []
    for measured in (
        lambda: rebuilt(titles, limits.get("rebuild")),
        lambda: searched("engine", engine_search, kinds, limits["search"]),
        lambda: searched("Haystack", haystack_search, kinds, through),
        lambda: searched("suggestion", suggestion, kinds, limits["suggestion"]),
        lambda: against_like(everything),
        lambda: updated(limits["update"]),
        lambda: together(everything, seconds),
        lambda: against_whoosh(everything) if database == "sqlite" else [],
    ):
        try:
            missed += measured()
        except Exception as error:  # the other figures are still wanted
            traceback.print_exc()
            missed.append(repr(error)[:200])
    print(f"load {os.getloadavg()[0]:.1f}; {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
    tests.environment.pytest_unconfigure()
    if missed:
        raise SystemExit("; ".join(missed))


# --- what is measured ------------------------------------------------------------------------


def rebuilt(titles: int, most: float | None) -> list[str]:
    """A rebuild, the server's processor time included. The reference reads the same titles from the catalogue."""
    from apps.movies.models import Movie
    from utils.fulltext.rebuilding import rebuild

    def read() -> None:
        for movie in Movie.objects.published().only("title", "original_title", "aliases", "summary").iterator():
            movie.pk  # noqa: B018

    reference, took = total(read), total(rebuild)
    print(f"rebuild: {took:.1f} s, {took / reference:.1f} times as long as reading {titles} titles", flush=True)
    return [f"rebuild: {took:.1f} of {most} s"] if most and took > most else []


def searched(
    name: str,
    ask: Callable[[str], int],
    kinds: dict[str, list[str]],
    limits: Limits,
) -> list[str]:
    """A search for each text, those of all kinds mixed; by kind, and of all."""
    mixed = [(kind, text) for kind, texts in kinds.items() for text in texts]
    random.Random(7).shuffle(mixed)
    for _, text in mixed[:WARM]:
        ask(text)
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for kind, text in mixed:
        times[kind].append(taken(lambda text=text: ask(text)))
    for kind, of_kind in times.items():
        told(f"  {name}, {kind}", of_kind)
    everything = [one for of_kind in times.values() for one in of_kind]
    told(name, everything)
    return judged(name, everything, limits)


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


def updated(limits: Limits) -> list[str]:
    """One title's update in the index, UPDATES times. The reference stores the title itself."""
    from apps.movies.models import Movie
    from utils.fulltext.rebuilding import refresh

    times, references = [], []
    for number, pk in enumerate(Movie.objects.order_by("?").values_list("pk", flat=True)[:UPDATES]):
        movie = Movie.objects.get(pk=pk)
        movie.plays = 10_000 + 977 * number
        references.append(taken(movie.save))
        times.append(taken(lambda pk=pk: refresh(Movie, [pk])))
    told("update", times)
    ratio = statistics.median(times) / statistics.median(references)
    print(f"  {ratio:.1f} times as long as storing the title", flush=True)
    return judged("update", times, limits)


def together(texts: list[str], seconds: int) -> list[str]:
    """Readers and writers at once, each in a process of its own: none of them may meet an error."""
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
    print(
        f"{READERS} readers and {WRITERS} writers, {seconds} s: {counts[0]} searches, {counts[1]} updates", flush=True
    )
    return [f"{len(failures)} errors beside writers: {failures[0]}"] if failures else []


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


def against_like(texts: list[str]) -> list[str]:
    """How many times faster a search is than LIKE over the titles, which finds less."""
    from apps.movies.models import Movie

    def like(text: str) -> None:
        list(Movie.objects.filter(title__contains=text).order_by("-plays").values_list("pk", flat=True)[:24])

    some = random.Random(9).sample(texts, LIKED)
    theirs = [taken(lambda text=text: like(text)) for text in some]
    ours = [taken(lambda text=text: engine_search(text)) for text in some]
    ratio = statistics.mean(theirs) / statistics.mean(ours)
    print(
        f"LIKE over the titles: mean {1e3 * statistics.mean(theirs):.1f} ms; the engine: {ratio:.1f} times faster",
        flush=True,
    )
    return []


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


if __name__ == "__main__":
    main()
