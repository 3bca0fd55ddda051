"""Faults of a stack under load, one after the other: `make faults` writes the table of docs/reliability.md.

Starts `make stack` on a folder of its own. VIEWERS viewers ask for a page, a playlist or a segment, or send a position,
a comment or a password each second. Each fault lasts SECONDS_EACH (20), then the site gets REST to heal. Errors are
requests without an answer, with one of 500 or more, or with one that isn't what was asked for.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.faults.viewers import Viewer, Viewers  # noqa: E402
from tests.browser.conftest import Site, clean_environment  # noqa: E402
from tests.conftest import make_video  # noqa: E402

SECONDS = float(os.environ.get("SECONDS_EACH", "20"))
REST = 10.0  # seconds
VIEWERS = 50
SLOW_CLIENTS = 1000
BOOK = ROOT / "docs" / "reliability.md"
BETWEEN = re.compile(r"(?<=<!-- faults -->\n).*(?=<!-- end -->)", re.DOTALL)
FILL = """
import json
from tests.factories import make_category, make_episode, make_movie, make_user
category = make_category(slug="film")
titles = [make_movie(title=f"第{n}夜", category=category) for n in range(40)]
movies = [make_episode(movie=movie, duration=100_000).movie_id for movie in titles]
names = [make_user(username=f"viewer{n}", password="right horse battery").username for n in range(%d)]
print("MADE" + json.dumps([movies, names]))
"""
KEPT = """
import json
from apps.community.models import Comment
from apps.media.models import State, Video
from apps.playback.models import Progress
print("MADE" + json.dumps([
    list(Comment.objects.values_list("text", flat=True)),
    dict(Progress.objects.values_list("user__username", "position")),
    list(Video.objects.exclude(original="x").values_list("state", flat=True)),
]))
"""


class Stack(Site):
    """A running stack; its parts by their names."""

    @classmethod
    @contextmanager
    def running(cls, folder: Path) -> Iterator[Stack]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        env = clean_environment() | {
            "DATA_DIR": str(folder), "PORT": str(port), "DEMO": "0", "TRUSTED_PROXIES": "127.0.0.1/32",
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "deploy/stack/start.py"],
            cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        stack = cls(folder, port, process, {})
        for line in process.stdout or ():
            stack.said.append(line)
            if "Ctrl-C" in line:
                break
        else:
            raise SystemExit("The stack did not start:\n" + "".join(stack.said))
        threading.Thread(target=lambda: stack.said.extend(process.stdout or ()), daemon=True).start()
        try:
            yield stack
        finally:
            stack.stop()
            stack.kill()

    def pid(self, name: str) -> int:
        """Of a part's first process; 0 while it doesn't run."""
        parts = json.loads((self.data / "stack" / "parts.json").read_text())
        return next(int(part["pid"]) for part in parts if part["name"] == name)

    def signal(self, name: str, number: signal.Signals) -> None:
        if pid := self.pid(name):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, number) if number != signal.SIGHUP else os.kill(pid, number)

    def sql(self, name: str, statement: str) -> None:
        """Execute on one of the databases."""
        client = ["mariadb", "--no-defaults", f"--socket={self.data}/run/{name}.sock", "-e", statement]
        subprocess.run(client, check=True, capture_output=True)

    def told(self, code: str) -> Any:
        return json.loads(self.run(code).rsplit("MADE", 1)[1])


Fault = Callable[[Stack], contextlib.AbstractContextManager[object]]


def killed(name: str) -> Fault:
    """Killed as often as it is started again."""

    @contextmanager
    def fault(stack: Stack) -> Iterator[None]:
        over = threading.Event()

        def kill() -> None:
            while not over.wait(0.5):
                stack.signal(name, signal.SIGKILL)

        thread = threading.Thread(target=kill)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    return fault


def hung(name: str) -> Fault:
    @contextmanager
    def fault(stack: Stack) -> Iterator[None]:
        stack.signal(name, signal.SIGSTOP)
        try:
            yield
        finally:
            stack.signal(name, signal.SIGCONT)

    return fault


def once(name: str, number: signal.Signals) -> Fault:
    @contextmanager
    def fault(stack: Stack) -> Iterator[None]:
        stack.signal(name, number)
        yield

    return fault


@contextmanager
def stopped_applying(stack: Stack) -> Iterator[None]:
    stack.sql("replica-1", "STOP SLAVE SQL_THREAD")
    try:
        yield
    finally:
        stack.sql("replica-1", "START SLAVE SQL_THREAD")


@contextmanager
def flushed(stack: Stack) -> Iterator[None]:
    from redis import Redis

    with Redis(unix_socket_path=str(stack.data / "run" / "broker.sock")) as server:
        server.flushall()
    yield


@contextmanager
def encodes_killed(stack: Stack) -> Iterator[None]:
    """A film is queued, and the worker that encodes it dies as often as it is started again."""
    film = make_video(stack.data / "interrupted.mp4", seconds=20, size="640x360")
    stack.command("add_video", str(film), "--title", "断电之夜")
    with killed("worker-media")(stack):
        yield


@contextmanager
def chain_reload(stack: Stack) -> Iterator[None]:
    for number in (1, 2, 3):
        (stack.data / "run" / f"node-{number}.fifo").write_text("c")
        time.sleep(SECONDS / 10)
    yield


@contextmanager
def slow_clients(stack: Stack) -> Iterator[None]:
    """Connections that send a head of a request, one byte in a second."""
    over = threading.Event()
    lines = [socket.create_connection(("127.0.0.1", stack.port)) for _ in range(SLOW_CLIENTS)]

    def drip() -> None:
        for byte in b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + b"x" * 600:
            for line in lines:
                with contextlib.suppress(OSError):
                    line.send(bytes([byte]), socket.MSG_DONTWAIT)
            if over.wait(1):
                return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        for line in lines:
            line.close()


@contextmanager
def nothing(_stack: Stack) -> Iterator[None]:
    yield


FAULTS: dict[str, Fault] = {
    "none": nothing,
    "a node is killed": killed("node-2"),
    "a replica is killed": killed("replica-1"),
    "a replica stops applying": stopped_applying,
    "a replica hangs, as with its network cut": hung("replica-1"),
    "the primary is restarted": once("primary", signal.SIGTERM),
    "Redis is killed": killed("redis"),
    "Redis hangs": hung("redis"),
    "Redis is emptied": flushed,
    "the encoding worker is killed": encodes_killed,
    "beat is killed": killed("beat"),
    "nginx is reloaded": once("nginx", signal.SIGHUP),
    "all nodes are reloaded in a chain": chain_reload,
    f"{SLOW_CLIENTS:,} slow clients": slow_clients,
}


def lost(stack: Stack, viewers: Viewers, names: list[str]) -> str:
    """What was acknowledged and isn't in the database."""
    acknowledged = {text for texts in viewers.acknowledged for text in texts.copy()}
    before = list(viewers.positions)
    comments, positions, _videos = stack.told(KEPT)
    missing = len(acknowledged - set(comments))
    behind = sum(positions.get(name, 0.0) < position for name, position in zip(names, before, strict=True))
    return f"{missing} comments, {behind} positions" if missing or behind else "none"


def row(name: str, stack: Stack, viewers: Viewers, names: list[str]) -> str:
    with FAULTS[name](stack):
        during = viewers.phase(SECONDS)
    healed = time.monotonic()
    after = viewers.phase(REST)
    recovery = max(0.0, after.last_error - healed)
    errors = ", ".join(f"{count} × {what}" for what, count in (during.errors + after.errors).most_common(4)) or "0"
    cells = (
        name, len(during.times), errors, f"{during.p99 * 1000:.0f} ms",
        f"{recovery:.1f} s", lost(stack, viewers, names),
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    wanted = sys.argv[1:] or list(FAULTS)
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, Stack.running(Path(folder) / "data") as stack:
        movies, names = stack.told(FILL % VIEWERS)
        film = stack.add_video(make_video(Path(folder) / "film.mp4", seconds=12, size="320x240"), "栈上之夜")["movie"]
        people = [Viewer(number, name, "right horse battery") for number, name in enumerate(names)]
        viewers = Viewers(stack.url, people, movies=movies, film=film)
        viewers.phase(REST)  # the first pages, and passwords
        rows = [
            "| fault | requests | errors | p99 of requests | recovered after | lost |", "|---|---|---|---|---|---|",
        ]  # fmt: skip
        for name in wanted:
            rows.append(row(name, stack, viewers, names))
            print(rows[-1], flush=True)
        viewers.end()
        *_, videos = stack.told(KEPT)
        print(f"states of the films: {videos}")
        if wanted == list(FAULTS):
            BOOK.write_text(BETWEEN.sub("\n".join(rows) + "\n", BOOK.read_text()))


if __name__ == "__main__":
    main()
