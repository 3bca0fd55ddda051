"""SIGHUP to what the site ships: it goes on serving, wherever and however it was started."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.nginx import free_port
from tests.conftest import ROOT
from tests.environment import SOCKET

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
WITHIN = 60.0  # seconds


@contextlib.contextmanager
def _running(command: list[str], folder: Path, log: Path, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until(true: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + WITHIN
    while not true():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


def _answers(port: int) -> bool:
    """Whether the application answers: it refuses a host that isn't its own, which takes no database."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/", headers={"Host": "elsewhere.example"})
        return connection.getresponse().status == 400
    except OSError:
        return False
    finally:
        connection.close()


@pytest.mark.parametrize("folder", [ROOT, ROOT / "deploy"])
def test_a_node_started_by_a_relative_path_serves_on(tmp_path, folder):
    port, log = free_port(), tmp_path / "log"
    command = [
        os.path.relpath(BIN / "uwsgi", folder), "--ini", os.path.relpath(ROOT / "deploy/node/uwsgi.ini", folder),
        "--http-socket", f"127.0.0.1:{port}", "--processes", "1",
    ]  # fmt: skip
    with _running(command, folder, log, DATA_DIR=str(tmp_path / "data")) as node:
        _until(lambda: _answers(port), node, log)
        for reloads in (1, 2):
            # a process that is still loading the application would hear nothing, and be waited for a minute
            _until(lambda times=reloads: log.read_text().count("WSGI app 0") == times, node, log)
            node.send_signal(signal.SIGHUP)
            _until(lambda times=reloads: log.read_text().count("gracefully (RE)spawned") == times, node, log)
            _until(lambda: _answers(port), node, log)


def test_a_worker_starts_itself_again(tmp_path):
    lines = (ROOT / "deploy/embedded/uwsgi.ini").read_text()
    command = (
        re.search(r"cmd=exec (\S+ .*--queues light,default .*?),stopsignal", lines)[1].replace("%%h", "test").split()
    )
    log = tmp_path / "log"
    command[command.index("--loglevel") + 1] = "INFO"
    command[0] = os.path.relpath(BIN / Path(command[0]).name, ROOT)
    with _running(command, ROOT, log, DATA_DIR=str(tmp_path), REDIS_URL=f"unix://{SOCKET}") as worker:
        _until(lambda: "ready." in log.read_text(), worker, log)
        worker.send_signal(signal.SIGHUP)
        _until(lambda: log.read_text().count("ready.") == 2, worker, log)


@pytest.mark.parametrize("ini", sorted((ROOT / "deploy").rglob("*.ini")), ids=lambda path: path.parent.name)
def test_what_uwsgi_starts_again_has_the_packages(ini):
    """uWSGI would take the Python behind the link in .venv."""
    assert re.search(r"^binary-path = \S+/\.venv/bin/python$", ini.read_text(), re.MULTILINE)


def test_web_processes_share_the_tables_for_chinese():
    """uWSGI imports the application before it forks; what a process loads later it has for itself."""
    code = (
        "import streamsite.wsgi\nfrom utils.chinese import pinyin, variants\n"
        "print(pinyin.readings.cache_info().currsize, variants.folded.cache_info().currsize)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True).split() == ["1", "1"]
    ini = (ROOT / "deploy/embedded/uwsgi.ini").read_text()
    assert "\nmaster = true\n" in ini
    assert "lazy" not in ini  # a node's processes import it each, for chain reloads
