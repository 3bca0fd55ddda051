"""Pages of a catalogue of 100,000 titles against those of 10,000: category, genre, person, calendar, results, feeds.

A process for each size answers requests of Django's test client, in turn, with everything invalidated before each.
Asked: a page takes 1.3 times the processor time at most, and 40 ms at most; the server's is included on MariaDB.

Usage: browse.py [sqlite | mariadb]… [--titles N]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from common.pairs import compare

ROOT = Path(__file__).resolve().parents[1]
DATABASES = ("sqlite", "mariadb")
FEW = 10_000
PAIRS = 15
GROWTH, MOST = 1.3, 0.040  # seconds
REPEATED = 3  # requests of one measurement


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("databases", nargs="*", metavar="sqlite | mariadb")
    options.add_argument("--titles", type=int, default=100_000)
    options.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if unknown := set(given.databases) - set(DATABASES):
        options.error(f"unknown: {', '.join(unknown)}")
    if given.child:
        answer(given.titles)
        return
    missed = [fault for database in given.databases or DATABASES for fault in run(database, given.titles)]
    if missed:
        raise SystemExit("; ".join(missed))


def run(database: str, titles: int) -> list[str]:
    """One database; prints the figures and returns what is missed."""
    sys.path.insert(0, str(ROOT))
    from tests import mariadb

    with ExitStack() as opened:
        children = []
        for size in (FEW, titles):
            folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
            url, server = f"sqlite:///{folder}/db.sqlite3", ""
            if database == "mariadb":
                url = mariadb.create_database(opened.enter_context(mariadb.running(folder)), "streamsite")
                server = (folder / "m.pid").read_text().strip()
            children.append(opened.enter_context(Child(size, url, server)))
        few, many = children
        print(f"{database}, {FEW} and {titles} titles; load {os.getloadavg()[0]:.1f}", flush=True)
        missed = []
        for name in few.pages:
            found = compare(partial(many.ask, name), partial(few.ask, name), pairs=PAIRS)
            growth = 1 / found.median
            print(f"  {name}: {1e3 * found.ours:.1f} ms, {growth:.2f} times as long as with {FEW}", flush=True)
            missed += [f"{name} grows {growth:.2f} times"] if growth > GROWTH else []
            missed += [f"{name} takes {1e3 * found.ours:.0f} ms"] if found.ours > MOST else []
    return [f"{database}: {fault}" for fault in missed]


class Child:
    """A process with a catalogue, which requests its pages on command."""

    def __init__(self, titles: int, url: str, server: str) -> None:
        env = {k: v for k, v in os.environ.items() if k != "STREAMSITE_TEST_DATABASE"}
        env |= {"BENCH_DATABASE": url, "BENCH_SERVER": server}
        command = [sys.executable, __file__, "--child", "--titles", str(titles)]
        self.process = subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        to, back = self.process.stdin, self.process.stdout
        if not (to and back):
            raise SystemExit("The process has no pipes.")
        self._to, self._from = to, back
        self.pages: list[str] = self._read()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._to.close()
        self.process.wait(timeout=60)

    def ask(self, page: str) -> float:
        """Seconds of processor time of one request."""
        self._to.write(f"{page}\n")
        return float(self._read())

    def _read(self) -> Any:
        if not (line := self._from.readline()):
            raise SystemExit("A process with a catalogue ended.")
        return json.loads(line)


def answer(titles: int) -> None:
    """Make the catalogue; then request each page named on stdin and print its seconds."""
    sys.path.insert(0, str(ROOT))
    import tests.environment

    os.environ["DATABASE_URL"] = os.environ["BENCH_DATABASE"]
    os.environ["DJANGO_SETTINGS_MODULE"] = "streamsite.settings"
    import django

    django.setup()
    from common.catalogue import furnish
    from common.titles import fill
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client
    from django.utils import timezone

    from apps.movies import services as movies
    from apps.search import services as search
    from utils.cache import invalidate_pages

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    fill(titles)
    pages = addresses(furnish())
    search.prepare()
    invalidate_pages()
    movies.refresh_facet_index(at=timezone.now())
    client = Client(headers={"accept-language": "zh-hans"})
    print(json.dumps(list(pages)), flush=True)
    for line in sys.stdin:
        spent = []
        for _ in range(REPEATED):
            invalidate_pages()
            movies.facet_index()  # a small one is built as soon as something changes; a worker builds a large one
            began = clock()
            status = client.get(pages[line.strip()]).status_code
            spent.append(clock() - began)
            if status != 200:
                raise SystemExit(f"{line.strip()} answered {status}")
        print(json.dumps(min(spent)), flush=True)
    tests.environment.pytest_unconfigure()


def clock() -> float:
    """Processor time of this process and of its database server, in seconds."""
    server = os.environ["BENCH_SERVER"]
    # Linux: the clock of another process, as clock_getcpuclockid(3) makes it
    return time.process_time() + (time.clock_gettime(~int(server) << 3 | 2) if server else 0)


def addresses(person: int) -> dict[str, str]:
    """The pages, by name. Queries find as many titles in both catalogues as a page shows, or more."""
    from django.utils.http import urlencode

    from apps.movies.models import Category, Genre

    category, genre = Category.objects.all()[0], Genre.objects.all()[0]

    def found(text: str, **more: str) -> str:
        return f"/search/?{urlencode({'q': text, **more})}"

    return {
        "home": "/",
        "category": category.get_absolute_url(),
        "category, filtered": f"{category.get_absolute_url()}?kind=film",
        "all titles, page 9": "/comedy/all/9/",
        "genre": genre.get_absolute_url(),
        "person": f"/person/{person}/",
        "calendar": "/calendar/",
        "new": "/new/",
        "results, two characters": found("地球"),
        "results, one character": found("的"),
        "results, filtered": found("地球", kind="film", sort="date"),
        "results, nothing": found("龘龘龘龘"),
        "suggestions": "/search/suggest/?q=%E5%9C%B0%E7%90%83",
        "feed": "/feed/",
        "feed of a category": f"/feed/{category.slug}/",
        "sitemap": "/sitemap.xml",
    }


if __name__ == "__main__":
    main()
