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

pytestmark = pytest.mark.slow


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


def test_however_it_ends_nothing_is_left_and_the_data_is_kept(tmp_path):
    data = tmp_path / "数据 folder"
    password = ""
    for number in (signal.SIGINT, signal.SIGTERM):
        running = start_site(data, demo="0")
        assert any("celery" in line for line in _processes(data))
        assert running.password == (password or running.password)
        password = running.password
        assert password in "".join(running.said)
        running.stop(number)
        assert _processes(data) == []
        assert not list(data.rglob("*.sock"))
    (data / "admin-password").unlink()
    killed = start_site(data, demo="0")
    assert killed.password != password
    check = "from django.contrib.auth import authenticate as a; print(a(username='admin', password=%r))"
    assert killed.manage("shell", "-v", "0", "-c", check % killed.password).strip() == "admin"
    killed.stop(signal.SIGKILL)
    until = time.monotonic() + 30
    while left := _processes(data):
        assert time.monotonic() < until, left
        time.sleep(0.2)


@pytest.mark.xdist_group("browser")
def test_one_data_folder_carries_one_site(site):
    done = subprocess.run(
        [sys.executable, "deploy/embedded/serve.py"],
        cwd=ROOT, env={**clean_environment(), "DATA_DIR": str(site.data), "PORT": "0"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"Another site runs on {site.data}" in done.stderr


@pytest.mark.xdist_group("browser")
def test_a_port_in_use_is_said_at_once(site):
    done = subprocess.run(
        ["make", "-s", "run", f"PORT={site.port}", f"DATA_DIR={site.data}"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    assert f"Port {site.port} is in use" in done.stderr
