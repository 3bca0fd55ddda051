"""A site of the version before media's names changed (commit 1c6467d) migrates, keeps all it has, and plays.

make_site.py says how the archives were made.
"""

from __future__ import annotations

import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import drivers, mariadb

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("upgrade")]

HERE = Path(__file__).parent
BOOKKEEPING = {"django_migrations", "django_content_type", "auth_permission"}  # Django's own, of what there is
FULL = {"status": 206, "whole": True, "box": "moof", "seconds": 12, "ended": True}
PREVIEW = {**FULL, "seconds": 4}


@contextmanager
def restored(kind: str, folder: Path) -> Iterator[str]:
    """The archived site in `folder`, its database running; gives the address of that."""
    with tarfile.open(HERE / f"site-{kind}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    if kind == "sqlite":
        (folder / "db.sqlite3").chmod(0o600)
        yield f"sqlite:///{folder / 'db.sqlite3'}"
        return
    with mariadb.running(folder) as server:
        address = mariadb.create_database(server, "streamsite")
        client = [mariadb.program("mariadb"), "--no-defaults", "--protocol=tcp", "-h127.0.0.1", "-uroot", "streamsite"]
        with (folder / "db.sql").open("rb") as dump:
            subprocess.run([*client, f"-P{server.rpartition(':')[2]}"], stdin=dump, check=True, capture_output=True)
        yield address


@pytest.fixture(scope="module", params=drivers.DATABASES)
def site(request, tmp_path_factory) -> Iterator[dict[str, Any]]:
    """What the driver found on the archived site, on that database."""
    folder = tmp_path_factory.mktemp(request.param)
    with restored(request.param, folder) as address:
        folder.chmod(0o700)
        settings = {"DATABASE_URL": address, "DATA_DIR": str(folder), "REDIS_URL": os.environ["REDIS_URL"]}
        yield drivers.play("tests.upgrade.driver", folder, **settings)


def test_no_row_is_lost(site):
    after, renamed = site["after"], site["renamed"]
    kept = {table: count for table, count in site["before"].items() if table not in BOOKKEEPING}
    assert len(kept) > 50
    assert kept == {table: after[renamed.get(table, table)] for table in kept}
    assert renamed["media_discard"] == "media_pendingdeletion"
    assert not set(renamed) & set(after)


def test_money_rows_are_as_they_were(site):
    assert site["money"] == {
        "orders": [["plan", "fulfilled", "88.00"], ["top_up", "fulfilled", "50.00"], ["title", "fulfilled", "5.00"]],
        "payments": ["88.00", "50.00", "5.00"],
        "entries": [["top_up", "50.00", "50.00", "Wallet top-up"], ["purchase", "-5.00", "45.00", "河"]],
        "balance": "45.00",
        "purchases": [["lin", "河"]],
        "member_until": site["money"]["member_until"],
    }
    assert site["money"]["member_until"] > 50


def test_a_ready_title_keeps_its_files(site):
    assert site["film"] == {
        "state": "ready", "source": "h264", "preview_duration": 4.0,
        "variants": ["full 90p", "full a0", "preview 90p", "preview a0"], "progressive": False, "files": True,
        "thumbnail": True, "storyboard": True,
    }  # fmt: skip
    assert site["pending"] == [["videos", True, True]] * 2  # the preview of before
    assert site["findings"] == [
        "雨.mp4 (2) is uploaded, but nobody has worked on it lately",
        "2 replaced files whose addresses have expired",  # in November 2026
    ]


def test_a_member_watches_the_title_whole(site):
    assert site["member"]["signed_in"] == 302
    assert site["member"]["page"] == site["member"]["master"] == 200
    assert site["member"]["tracks"] == {"90p": FULL, "a0": FULL}


def test_a_stranger_gets_the_preview(site):
    assert site["stranger"]["page"] == 200
    assert site["stranger"]["tracks"] == {"90p": PREVIEW, "a0": PREVIEW}


def test_a_buyer_watches_what_he_bought(site):
    assert site["buyer"]["tracks"] == {"90p": FULL, "a0": FULL}


def test_progress_and_comments_are_there(site):
    assert site["progress"] == [["lin", 7.5]]
    assert site["member"]["comments"] == ["画得真好"]


def test_an_upload_goes_on_where_it_was(site):
    assert site["upload"] == ["半.mp4", 1000, 1000, "curator"]


def test_what_waited_is_encoded(site):
    assert site["waiting"]["state"] == "uploaded"
    assert site["encoded"]["state"] == "ready"
    assert site["encoded"]["variants"] == ["full 90p", "full a0"]
    assert site["encoded"]["files"]
    assert site["encoded"]["thumbnail"]


def test_what_is_encoded_again_replaces_what_there_was(site):
    assert site["again"] == {**site["film"], "left": 4}
    assert site["later"]["tracks"] == {"90p": FULL, "a0": FULL}
    assert site["chunks"] == 0
