"""Whatever is killed while a title is encoded, it ends ready, with one set of files and nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import time

import pytest

from tests.browser.conftest import Site, descendants
from tests.media import footage

pytestmark = pytest.mark.slow

KILLS = 10
LATEST = 4.0  # seconds between two kills
PATIENCE = 600.0  # seconds: less than the quarter of an hour after which the queue gives lost work out again
WHO = (
    "--queues media ",
    "--queues media_long",
    "--queues light",
    "--queues money",
    "celery -A streamsite beat",
    "valkey",
    "ffmpeg",
    "uwsgi",
)


def kill(site: Site, who: str) -> bool:
    """End every process of one kind at once; the web server's master, that would be the machine, lives."""
    pids = [pid for pid, line in site.processes().items() if who in line]
    if who == "uwsgi":
        pids = [pid for pid in pids if not descendants(pid)]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(pids)


def query(site: Site, text: str) -> list[tuple]:
    with contextlib.closing(
        sqlite3.connect(f"file:{site.data / 'db.sqlite3'}?mode=ro", uri=True, timeout=20)
    ) as database:
        return database.execute(text).fetchall()


def test_ten_kills_at_random_moments_of_one_job(own_site, tmp_path):
    film = footage.make(
        tmp_path / "film.mkv", "-c:v", "libx264", "-preset", "ultrafast", "-g", "500", "-pix_fmt", "yuv444p",
        source="testsrc2=s=640x360:r=25:d=20", sound="sine=d=20",
    )  # fmt: skip
    own_site.manage("add_video", str(film), "--title", "Killed")
    dice = random.Random()
    killed: list[str] = []
    while len(killed) < KILLS:
        time.sleep(dice.uniform(0.2, LATEST))
        who = dice.choice(WHO)
        if kill(own_site, who):
            killed.append(who)
    last = time.time()
    state = ""
    while state not in {"ready", "failed"} and time.time() - last < PATIENCE:
        time.sleep(0.2)
        ((state, failure),) = query(own_site, "select state, failure from media_video ")
    assert (state, failure) == ("ready", ""), killed
    settle(own_site)
    whole(own_site)


def settle(site: Site) -> None:
    """Wait until workers that got their message late have seen that nothing is left to do."""
    until = time.monotonic() + 60
    work = site.data / "work"
    while time.monotonic() < until and (any(work.iterdir()) or "ffmpeg" in str(running(site))):
        time.sleep(0.5)


def running(site: Site) -> list[str]:
    return [line for line in site.processes().values() if "ffmpeg" in line]


def whole(site: Site) -> None:
    """One set of files, each with its row; no work, no chunk, no process left."""
    assert running(site) == []
    assert list((site.data / "work").iterdir()) == []
    assert query(site, "select * from media_chunk") == []
    names = query(site, "select name, count(*) from media_rendition group by video_id, name")
    assert len(names) == 3  # two levels and a sound
    assert {count for _, count in names} == {1}
    kept = {name for (name,) in query(site, "select original from media_video")}
    kept |= {name for (name,) in query(site, "select file from media_rendition")}
    kept |= {name for (files,) in query(site, "select files from media_storyboard") for name in json.loads(files)}
    due = {name for (name,) in query(site, "select name from media_pendingdeletion")}
    root = site.data / "videos"
    stored = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert kept <= stored
    assert stored - kept <= due  # what a killed publication replaced or left goes by itself
    # Work that a worker was killed with is given to another after a quarter of an hour. The doctor doesn't wait for it.
    found = site.manage("media_doctor").splitlines()[:-1]
    assert all("lacks sizes" in line for line in found), found
    assert "All is well" in doctor_at_last(site)


def doctor_at_last(site: Site) -> str:
    """What the doctor reports once all pending pictures are made."""
    until = time.monotonic() + 30
    while "All is well" not in (said := site.manage("media_doctor", "--dry-run")) and time.monotonic() < until:
        time.sleep(0.5)
    return said
