"""`make run`: starts, starts again fast with its data, and leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.browser.conftest import clean_environment, start_site
from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def _processes(data: Path) -> list[str]:
    """Command lines of the processes whose environment names the data folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"DATA_DIR={data}\0".encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_with_nothing_left_and_keeps_the_data(tmp_path, number):
    data = tmp_path / "数据 folder"
    first = start_site(data, demo="0")
    password = first.password
    assert any("celery" in line for line in _processes(data))
    first.stop(number)
    assert _processes(data) == []
    assert not list(data.rglob("*.sock"))
    second = start_site(data, demo="0")
    try:
        assert second.password == password
        assert password in "".join(second.said)
    finally:
        second.stop()


def test_nothing_outlives_a_start_that_was_killed(tmp_path):
    killed = start_site(tmp_path, demo="0")
    killed.stop(signal.SIGKILL)
    until = time.monotonic() + 30
    while left := _processes(tmp_path):
        assert time.monotonic() < until, left
        time.sleep(0.2)


def test_one_data_folder_carries_one_site(site):
    done = subprocess.run(
        [sys.executable, "deploy/embedded/serve.py"],
        cwd=ROOT, env={**clean_environment(), "DATA_DIR": str(site.data), "PORT": "0"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"Another site runs on {site.data}" in done.stderr


def test_a_port_in_use_is_said_at_once(site):
    done = subprocess.run(
        ["make", "-s", "run", f"PORT={site.port}", f"DATA_DIR={site.data}"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    assert f"Port {site.port} is in use" in done.stderr
