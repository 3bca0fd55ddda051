"""A whole site as `make run` starts it, and a real Chromium to visit it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import mariadb
from tests.conftest import ROOT, make_video
from tests.migrated import put_sqlite

CHROMIUM = ["--no-sandbox", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required"]
STARTS_WITHIN = 600.0  # seconds: far more than it takes
ADDRESS_TTL = 6  # seconds that addresses of what isn't free are good on the shared site
SECURITY_CONTACT = "security@streamsite.example"
GROUP = pytest.StashKey[str]()  # of the test that is about to run
SITES = {"browser": "small", "playing": "0"}  # by group: the demo on its site; films of their own need none
SHARED = {
    "ADDRESS_TTL": str(ADDRESS_TTL), "SECURITY_CONTACT": SECURITY_CONTACT,
    "TRUSTED_PROXIES": "127.0.0.1/32,unix",  # visitors may come from elsewhere
}  # fmt: skip
READY_WITHIN = 240.0  # seconds for a short video


@dataclass
class Site:
    """A running site: where it is, and how to speak to its command line."""

    data: Path
    port: int
    process: subprocess.Popen[str]
    settings: dict[str, str]
    said: list[str] = field(default_factory=list)
    console: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str:
        return (self.data / "admin-password").read_text()

    @property
    def outbox(self) -> str:
        """The address, as the start printed it, that opens the outbox once."""
        return re.search(rf"{self.url}/user/outbox/\?key=\S+", "".join(self.said)).group()

    def manage(self, *arguments: str, **changed: str) -> str:
        """What a management command printed, run beside the site as an operator would, with settings `changed`."""
        env = {**clean_environment(), "DATA_DIR": str(self.data), **changed}
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=env, capture_output=True, text=True, timeout=READY_WITHIN, check=True, umask=0,
        )  # fmt: skip
        return done.stdout

    def command(self, *arguments: str) -> str:
        """What a management command printed: as `manage`, without the start of a process, which takes seconds."""
        if self.console is None:
            self.console = subprocess.Popen(
                [sys.executable, "-m", "tests.browser.console"], cwd=ROOT, text=True, umask=0,
                env={**clean_environment(), "DATA_DIR": str(self.data)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        self.console.stdin.write(json.dumps(arguments) + "\n")
        self.console.stdin.flush()
        printed, wrong = json.loads(self.console.stdout.readline())
        assert not wrong, f"{arguments}: {wrong}\n{printed}"
        return printed

    def run(self, code: str) -> str:
        """What Python code printed that ran with the site's settings and database."""
        return self.command("shell", "--no-imports", "-c", code)

    def add_video(self, path: Path, title: str, **options: str) -> dict[str, Any]:
        extra = [part for name, value in options.items() for part in (f"--{name}", value)]
        return json.loads(self.command("add_video", str(path), "--title", title, "--wait", *extra))

    def processes(self) -> dict[int, str]:
        """The command lines of all that runs for it, by process id."""
        return {pid: command(pid) for pid in descendants(self.process.pid)}

    def stop(self, number: int = signal.SIGINT) -> None:
        """End it as an operator does, in order; `kill` is quicker."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait()

    def kill(self) -> None:
        """End all of it at once, and the console."""
        for process in filter(None, (self.console, self.process)):
            if process.poll() is None:
                kill_tree(process.pid)
                process.wait()

    def restart(self) -> None:
        """Stop, and start again at the same address with the same data and settings."""
        self.stop()
        self.process = start_site(self.data, demo="0", port=self.port, **self.settings).process


def descendants(pid: int) -> list[int]:
    """What a process started and what those started, as far as they run."""
    return [found for child in children(pid) for found in (child, *descendants(child))]


def kill_tree(pid: int) -> None:
    """End a process and all that it started; each is stopped first, so that it starts nothing more."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        for child in children(pid):
            kill_tree(child)
        os.kill(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    """The running children of a process, of any of its threads."""
    found: list[int] = []
    with contextlib.suppress(OSError):  # it ended meanwhile
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def command(pid: int) -> str:
    """A process's command line; empty once it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def open_to_others(folder: Path) -> list[str]:
    """What in the folder, and itself, gives its group or others any right."""
    found = [folder, *folder.rglob("*")]
    return [str(p) for p in found if not p.is_symlink() and p.lstat().st_mode & 0o077]


def clean_environment() -> dict[str, str]:
    """The environment without what the unit tests set for themselves."""
    own = {"DATA_DIR", "DATABASE_URL", "DEMO", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
    return {k: v for k, v in os.environ.items() if k not in own}


def start_site(data: Path, *, demo: str, port: int = 0, empty: bool = False, **changed: str) -> Site:
    """Start the embedded site on that port, or a free one, with settings `changed`, and wait until it says where.

    A new one finds its tables made, but for an `empty` folder.
    """
    if not empty and not data.exists():
        put_sqlite(data / "db.sqlite3")
    if not port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    env = {**clean_environment(), "PORT": str(port), "DATA_DIR": str(data), "DEMO": demo, **changed}
    process = subprocess.Popen(
        [*mariadb.WITH_US, sys.executable, "deploy/embedded/serve.py"],
        cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, umask=0,
    )  # fmt: skip
    site = Site(data, port, process, changed)
    until = time.monotonic() + STARTS_WITHIN
    for line in process.stdout or ():
        site.said.append(line)
        if "Ctrl-C" in line:
            return site
        if time.monotonic() > until:
            break
    site.kill()
    raise RuntimeError("The site did not start:\n" + "".join(site.said))


@contextlib.contextmanager
def running_site(*, demo: str = "0", name: str = "data", **changed: str) -> Iterator[Site]:
    """A site with settings `changed`, its data in a folder of that `name`, temporary files in `tmp` beside it."""
    folder = Path(tempfile.mkdtemp(prefix="streamsite-"))
    (folder / "tmp").mkdir()
    site = start_site(folder / name, demo=demo, TMPDIR=str(folder / "tmp"), **changed)
    try:
        yield site
    finally:
        site.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash[GROUP] = item.get_closest_marker("xdist_group").args[0]


@pytest.fixture(scope="package")
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """The site that the tests of a group share."""
    with running_site(demo=SITES[request.config.stash[GROUP]], name="片库 data", **SHARED) as running:
        yield running


@pytest.fixture
def own_site() -> Iterator[Site]:
    """A site with nothing in it."""
    with running_site() as running:
        yield running


@dataclass(frozen=True)
class Film:
    """A published title of one episode; `path` of its watch page."""

    movie: int
    title: str

    @property
    def path(self) -> str:
        return f"/single/{self.movie}/1/"


@pytest.fixture(scope="package")
def free_film(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Half a minute that anybody may watch."""
    path = make_video(tmp_path_factory.mktemp("free") / "free.mp4", seconds=30, size="320x240")
    return Film(site.add_video(path, "三十秒")["movie"], "三十秒")


@pytest.fixture(scope="package")
def vip_film(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Film:
    """20 seconds for members; others get a preview."""
    path = make_video(tmp_path_factory.mktemp("vip") / "vip.mp4", seconds=20, size="320x240")
    return Film(site.add_video(path, "会员夜场", access="vip")["movie"], "会员夜场")


@pytest.fixture(scope="package")  # its event loop would be in the way of other tests' databases
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield opened
        opened.close()


@dataclass
class Visit:
    """A page that notes what went wrong on it."""

    page: Page
    problems: list[str]
    outside: list[str]


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    context: BrowserContext = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    found = Visit(page, [], [])
    page.on("console", lambda m: found.problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: found.problems.append(str(e)))
    page.on(
        "request", lambda r: None if r.url.startswith((site.url, "blob:", "data:")) else found.outside.append(r.url)
    )
    yield found
    context.close()
