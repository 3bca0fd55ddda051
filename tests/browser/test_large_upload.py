"""A large file over a bad line, by a client not written here (tuspy), against the real server."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from tests.browser.conftest import Site
from tests.cable import Cable

pytestmark = pytest.mark.slow

log = logging.getLogger(__name__)

MIB = 2**20
SIZE = int(os.environ.get("LARGE_UPLOAD_MIB", "512")) * MIB
INTERRUPTIONS = 5
RESTART = 3  # which of them is a restart of the server
MAY_GROW = 64 * MIB


@pytest.fixture(scope="module")
def large_file(tmp_path_factory) -> Iterator[Path]:
    """SIZE bytes, no two blocks alike."""
    path = tmp_path_factory.mktemp("large") / "large.mp4"
    block = os.urandom(MIB)
    with path.open("wb") as file:
        for number in range(SIZE // MIB):
            file.write(number.to_bytes(8, "big") + block[8:])
    yield path
    path.unlink()


class Curator(requests.Session):
    """An administrator's browser session, with the headers that uploads need."""

    def __init__(self, site: Site, port: int) -> None:
        super().__init__()
        self.base = f"http://127.0.0.1:{port}"
        page = self.get(f"{self.base}/user/login/", timeout=30)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text).group(1)
        values = {"username": "admin", "password": site.password, "csrfmiddlewaretoken": token}
        self.post(f"{self.base}/user/login/", values, headers={"Referer": self.base}, timeout=30)
        assert "sessionid" in self.cookies
        self.headers["X-CSRFToken"] = self.cookies["csrftoken"]
        self.headers["Cookie"] = "; ".join(f"{c.name}={c.value}" for c in self.cookies)  # for tuspy, which has no jar

    def put_small(self) -> None:
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", "Content-Type": "application/offset+octet-stream"}
        made = self.post(f"{self.base}/media/uploads/", b"a" * 4, headers=headers, timeout=60)
        self.delete(made.headers["Location"], headers=headers, timeout=60)

    def known(self, **values: str) -> dict:
        answer = self.post(f"{self.base}/media/uploads/known/", values, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()


class Memory(threading.Thread):
    """Watches what the site's web processes hold; `peak` is in bytes, beyond what they had once they were warm."""

    def __init__(self, site: Site, curator: Curator) -> None:
        super().__init__(daemon=True)
        self.marker, self.peak, self.over = f"DATA_DIR={site.data}\0".encode(), 0, threading.Event()
        for _ in range(30):  # every process has served a page and taken a file before it is measured
            curator.get(f"{curator.base}/admin/media/video/add/", timeout=60)
            curator.put_small()
        self.first = self.held()
        assert self.first

    def run(self) -> None:
        while not self.over.wait(0.25):
            self.look()

    def look(self) -> None:
        now = self.held()
        self.peak = max(self.peak, sum(held - self.first.get(pid, 0) for pid, held in now.items()))

    def stop(self) -> int:
        self.over.set()
        self.join()
        return self.peak

    def held(self) -> dict[int, int]:
        """Private bytes of each web process, by its number."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                ours = (
                    self.marker in (entry / "environ").read_bytes() and b"uwsgi.ini" in (entry / "cmdline").read_bytes()
                )
                lines = (entry / "smaps_rollup").read_text().splitlines() if ours else []
            except OSError:  # it ended
                continue
            if lines:
                found[int(entry.name)] = 1024 * sum(int(x.split()[1]) for x in lines if x.startswith("Private_"))
        return found


def send(curator: Curator, url: str, cable: Cable, path: Path, until: int | None) -> None:
    """Send from where the server is; with `until`, cut the line once so many bytes are through."""
    client = TusClient(f"{curator.base}/media/uploads/", headers=dict(curator.headers))
    uploader = client.uploader(str(path), chunk_size=64 * MIB, url=url, retries=0)
    before = cable.carried
    if until is None:
        uploader.upload()
        return
    cutter = threading.Thread(
        target=lambda: wait_for(lambda: cable.carried - before >= until) or cable.cut(), daemon=True
    )
    cutter.start()
    with pytest.raises((TusCommunicationError, requests.RequestException)):
        uploader.upload()
    assert cable.carried - before >= until  # it was the line that broke: the server refused nothing
    cutter.join()
    cable.mend()


def wait_for(true, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_large_file_survives_five_interruptions_and_a_restart(own_site, large_file):
    with Cable(own_site.port) as cable:
        curator = Curator(own_site, cable.port)
        client = TusClient(f"{curator.base}/media/uploads/", headers=dict(curator.headers))
        url = client.uploader(str(large_file), metadata={"filename": "大文件.mp4"}).create_url()
        memory = Memory(own_site, curator)
        memory.start()
        grown, offsets = [], []
        for number in range(1, INTERRUPTIONS + 1):
            send(curator, url, cable, large_file, SIZE // (INTERRUPTIONS + 2))
            if number == RESTART:
                grown.append(memory.stop())
                own_site.restart()
                memory = Memory(own_site, curator)
                memory.start()
            offsets.append(int(curator.head(url, headers={"Tus-Resumable": "1.0.0"}).headers["Upload-Offset"]))
        assert offsets == sorted(set(offsets))
        assert 0 < offsets[0] < offsets[-1] < SIZE
        send(curator, url, cable, large_file, None)
        wait_for(lambda: curator.get(url).json()["state"] == "done")
        grown.append(memory.stop())
        log.info("web memory grew by %.1f MiB for %d MiB", max(grown) / MIB, SIZE / MIB)
        assert max(grown) < MAY_GROW
        told = curator.get(url).json()
        with large_file.open("rb") as file:
            assert told["video"]["sha256"] == hashlib.file_digest(file, "sha256").hexdigest()

        kept = stored(own_site)
        assert [p.stat().st_size for p in kept] == [SIZE]
        before = have_read(own_site)
        assert curator.known(size=str(SIZE)) == {"possible": True}
        again = curator.known(size=str(SIZE), sha256=told["video"]["sha256"], filename="又一次.mp4")["upload"]
        assert (again["state"], again["video"]["id"]) == ("done", told["video"]["id"])
        assert have_read(own_site) - before < SIZE / 4  # neither the line nor the disk brought it once more
        assert stored(own_site) == kept


def have_read(site: Site) -> int:
    """Bytes that the site's web processes have read so far, from files and connections."""
    web = [pid for pid, line in site.processes().items() if "uwsgi" in line or "proxy.py" in line]
    files = [Path(f"/proc/{pid}/io") for pid in web]
    return sum(int(file.read_text().split()[1]) for file in files if file.exists())  # rchar, see proc_pid_io(5)


def stored(site: Site) -> list[Path]:
    return sorted(p for p in (site.data / "videos").rglob("*") if p.is_file())
