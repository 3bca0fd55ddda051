"""`make run`: starts, starts again fast with its data, and leaves nothing behind."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.browser.conftest import Site, clean_environment, open_to_others, start_site
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


def _reads_mails(browser: requests.Session, site: Site, address: str = "") -> bool:
    answer = browser.get(address or f"{site.url}/user/outbox/", timeout=20)
    assert answer.status_code in {200, 403}
    return answer.status_code == 200


def test_however_it_ends_nothing_is_left_and_the_data_is_kept(tmp_path):
    data = tmp_path / '数据 "#" folder%20?'
    first = start_site(data, demo="0", empty=True)
    password, key = first.password, (data / "secret_key").read_text()
    assert any("celery" in line for line in _processes(data))
    assert password in "".join(first.said)
    mine = requests.Session()
    assert _reads_mails(mine, first, first.outbox)
    assert not _reads_mails(requests.Session(), first, first.outbox)  # it works once
    assert not _reads_mails(requests.Session(), first)
    assert open_to_others(data) == []
    first.stop(signal.SIGINT)
    assert _processes(data) == []
    assert not list(data.rglob("*.sock"))
    for path in (data, *data.rglob("*")):  # as a version of before left it
        path.chmod(0o755 if path.is_dir() else 0o644)
    second = start_site(data, demo="0")
    assert open_to_others(data) == []
    assert (second.password, (data / "secret_key").read_text()) == (password, key)
    assert not _reads_mails(mine, second)
    assert not _reads_mails(mine, second, first.outbox.replace(f":{first.port}/", f":{second.port}/"))
    assert _reads_mails(mine, second, second.manage("outbox").strip())
    assert _reads_mails(requests.Session(), second, second.outbox)
    second.stop(signal.SIGKILL)
    # At once again, at the same port, while the rest of it ends; and as a cut of power may have left the files.
    style = next((data / "static").glob("site.*.css"))
    whole = style.read_bytes()
    style.write_bytes(whole[:100])
    (data / "static-made").unlink()
    (data / "admin-password").write_text("")
    (data / "secret_key").write_text(key[:7])
    with next((data / "broker" / "appendonlydir").glob("*.incr.aof")).open("ab") as queue:
        queue.write(bytes(4096))
    third = start_site(data, demo="0", port=second.port)
    assert "queue was damaged" in "".join(third.said)
    assert style.read_bytes() == whole
    assert third.password not in {"", password}
    check = "from django.contrib.auth import authenticate as a; print(a(username='admin', password=%r))"
    assert third.manage("shell", "-v", "0", "-c", check % third.password).strip() == "admin"
    third.stop(signal.SIGTERM)
    assert _processes(data) == []


@pytest.mark.xdist_group("browser")
def test_one_data_folder_carries_one_site(site):
    done = subprocess.run(
        [sys.executable, "deploy/embedded/serve.py"],
        cwd=ROOT, env={**clean_environment(), "DATA_DIR": str(site.data), "PORT": "0"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"Another site is already running on {site.data}" in done.stderr


@pytest.mark.xdist_group("browser")
def test_a_port_in_use_is_said_at_once(site, tmp_path):
    done = subprocess.run(
        ["make", "-s", "run", f"PORT={site.port}", f"DATA_DIR={tmp_path}"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    assert f"Port {site.port} is in use" in done.stderr


@pytest.mark.xdist_group("browser")
def test_other_users_of_the_machine_read_none_of_its_data(site, free_film):
    """The tests start a site, and its commands, under a mask that closes nothing."""
    site.manage("nginx_config", "--node", "unix:/run/site.sock", "--output", str(site.data / "nginx.conf"))
    for part in ("db.sqlite3", "site.log", "videos", "pictures", "static", "broker", "nginx.conf"):
        assert (site.data / part).exists(), part
    assert open_to_others(site.data) == []


@pytest.mark.xdist_group("browser")
def test_a_first_start_misses_nothing(site):
    assert "Creating the demo catalogue" in "".join(site.said)
    assert [line for line in site.said if re.search("warn|error|Redis", line, re.IGNORECASE)] == []
