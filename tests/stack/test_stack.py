"""`make stack`: a site with databases, nodes, workers and nginx is used, loses parts, ends, and starts again."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect, sync_playwright

from tests import mariadb
from tests.browser.conftest import CHROMIUM, Site, clean_environment, command, descendants
from tests.browser.steps import play_to_the_end, sign_in
from tests.conftest import ROOT, make_video
from tests.deploy.front import until
from tests.migrated import mariadb_files

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack")]

PARTS = [
    "redis", "primary", "replica-1", "replica-2", "node-1", "node-2", "node-3", "worker-money", "worker-mail",
    "worker-light", "worker-media", "worker-media_long", "beat", "cashier", "nginx",
]  # fmt: skip
sys.path.insert(0, str(ROOT / "deploy" / "embedded"))
sys.path.insert(0, str(ROOT / "deploy" / "stack"))


def _start(data: Path, port: int) -> Site:
    env = {**clean_environment(), "DATA_DIR": str(data), "PORT": str(port), "DEMO": "0"}
    process = subprocess.Popen(
        [*mariadb.WITH_US, sys.executable, "deploy/stack/start.py"],
        cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    stack = Site(data, port, process, {})
    for line in process.stdout or ():
        stack.said.append(line)
        if "Ctrl-C" in line:
            return stack
    raise RuntimeError("The stack did not start:\n" + "".join(stack.said))


@pytest.fixture(scope="module")
def stack() -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="stack-"))
    primary = folder / "data" / "stack" / "primary"
    primary.parent.mkdir(parents=True)
    if os.geteuid() == 0:  # whose account those files have; others wait for the migrations
        mariadb.copy(mariadb_files(), primary)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = _start(folder / "data", port)
    yield found
    found.kill()
    subprocess.run(["rm", "-rf", folder], check=True)


def _status(stack: Site) -> dict[str, list[str]]:
    """The columns of `make stack-status` by a part's name."""
    env = {**clean_environment(), "DATA_DIR": str(stack.data)}
    told = subprocess.check_output([sys.executable, "deploy/stack/status.py"], cwd=ROOT, env=env, text=True)
    return {line.split()[0]: re.split(r"  +", line) for line in told.splitlines()}


def _pid(stack: Site, words: str) -> int:
    """The oldest process whose command line has these words."""
    return next(pid for pid, line in stack.processes().items() if words in line)


def _sent_by_nodes(stack: Site) -> int:
    """Bytes that uWSGI has sent, in total."""
    import looks

    numbers = [looks.node_counters(f"{stack.data}/run/node-{number}.stats")["workers"] for number in (1, 2, 3)]
    return sum(worker["tx"] for workers in numbers for worker in workers)


def _temporary(stack: Site, name: str) -> str:
    """Where a database keeps temporary tables: not where another one does, which deletes them when it starts."""
    import servers

    return servers.Server(1, Path(), stack.data / "run" / f"{name}.sock").execute("SELECT @@tmpdir")


def _comes_back(stack: Site, name: str, words: str) -> None:
    """Kill a part at once; it is started again, and visitors notice nothing."""
    pid = _pid(stack, words)
    os.kill(pid, signal.SIGKILL)

    def is_back() -> bool:
        assert requests.get(f"{stack.url}/search/?q=a", timeout=60).status_code == 200
        columns = _status(stack)[name]
        return columns[2].startswith("up, restarted") and not columns[-1].startswith(("doesn't", "down"))

    until(is_back, lambda: str(_status(stack)))
    assert _pid(stack, words) != pid


def test_it_runs_a_site_heals_and_keeps_its_data(stack, tmp_path):
    assert list(_status(stack)) == PARTS
    assert requests.get(stack.url, timeout=60).headers["Server"] == "nginx"
    film = stack.add_video(make_video(tmp_path / "film.mp4", seconds=12, size="320x240"), "栈上之夜")
    watch(stack, film)

    columns = _status(stack)
    assert all(columns[name][2] == "up" for name in PARTS), columns
    assert columns["replica-1"][3].startswith("127.0.0.1:")
    assert re.fullmatch(r"lag \d+\.\d s", columns["replica-1"][-1])
    assert columns["worker-mail"][-1] == "0 waiting"
    assert columns["beat"][-1] == "holds the lock"

    assert len({_temporary(stack, name) for name in ("primary", "replica-1", "replica-2")}) == 3

    again = subprocess.run(
        [sys.executable, "deploy/stack/start.py"], cwd=ROOT, capture_output=True, text=True,
        env={**clean_environment(), "DATA_DIR": str(stack.data), "PORT": "0"},
    )  # fmt: skip
    assert again.returncode == 1
    assert f"Another site is already running on {stack.data}" in again.stderr

    _comes_back(stack, "node-2", "/node-2.sock")
    _comes_back(stack, "replica-1", "--server-id=2")
    _comes_back(stack, "worker-mail", "--queues mail ")

    password = stack.password
    running = descendants(stack.process.pid)
    stack.stop(signal.SIGINT)
    assert [command(pid) for pid in running if Path(f"/proc/{pid}/exe").exists()] == []
    assert not list(stack.data.rglob("*.sock"))

    stack.process = _start(stack.data, stack.port).process
    assert stack.password == password
    assert "栈上之夜" in requests.get(f"{stack.url}/search/", {"q": "栈上之夜"}, timeout=60).text
    stack.stop(signal.SIGTERM)
    assert stack.process.returncode == 0


def watch(stack: Site, film: dict[str, int]) -> None:
    """What a visitor does: search, watch to the end, sign up, read the mail, and pay."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(locale="zh-CN")
        page.goto(f"{stack.url}/search/?q=栈上之夜")
        expect(page.locator("main")).to_contain_text("栈上之夜")
        video = 0

        def count(response) -> None:
            nonlocal video
            if "/v/" in response.url:
                video += int(response.headers.get("content-length", 0))

        page.on("response", count)
        before = _sent_by_nodes(stack)
        page.goto(f"{stack.url}/single/{film['movie']}/1/")
        play_to_the_end(page)
        assert video > 0
        assert _sent_by_nodes(stack) - before < 500_000, "pages and playlists only"

        page.goto(stack.outbox)
        page.goto(f"{stack.url}/user/register/")
        page.fill("#id_username", "visitor")
        page.fill("#id_email", "visitor@example.com")
        page.fill("#id_password", "right horse battery")
        page.locator("main .form > .button").first.click()
        expect(page.locator("main strong")).to_have_text("visitor@example.com")

        def has_mail() -> bool:
            page.goto(f"{stack.url}/user/outbox/")
            return "visitor@example.com" in page.locator("main").inner_text()

        until(has_mail, lambda: page.locator("main").inner_text())

        sign_in(page, stack.url, stack.password)
        page.goto(f"{stack.url}/order/openvip/")
        page.get_by_role("button", name=re.compile("支付宝")).first.click()
        page.wait_for_url(lambda url: not url.startswith(stack.url))
        page.get_by_role("button", name=re.compile("确认付款")).click()
        expect(page.locator(".receipt__state--fulfilled")).to_be_visible()
        browser.close()
