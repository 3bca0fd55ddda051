"""Races for the last place on real databases: SQLite in a file, and a MariaDB of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import mariadb
from tests.conftest import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["sqlite", "mariadb"])
def told(request, tmp_path_factory) -> Iterator[dict[str, Any]]:
    """What came out of each scene of the driver, played on that database."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        yield _play(folder, f"sqlite:///{folder / 'db.sqlite3'}")
        return
    with mariadb.running(folder, lasting=False) as address:
        yield _play(folder, mariadb.create_database(address, "streamsite"))


def _play(folder: Path, database: str) -> dict[str, Any]:
    env = {**os.environ, "DATABASE_URL": database, "LOG_LEVEL": "ERROR"}
    file = folder / "told.json"
    driver = [sys.executable, "-m", "tests.playback.driver", str(file)]
    done = subprocess.run(driver, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(file.read_text())


def test_of_eight_sessions_at_once_two_get_the_film(told):
    assert told["sessions"] == [{"200": 2, "403": 6}] * 6


def test_a_place_that_lapses_is_never_held_twice(told):
    for found in told["lapsing"]:
        assert found == {"answers": {"held": 2, "full": 6}, "places": 2}


def test_of_many_that_stop_the_same_players_no_more_go_on_than_may(told):
    for found in told["takeovers"]:
        assert found == {"answers": {"held": 2, "full": 4}, "places": 2}
