"""Drivers: programs that play what happens at once, in a process and on a database of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import mariadb
from tests.conftest import ROOT
from tests.migrated import mariadb_files, put_sqlite

DATABASES = ["sqlite", "mariadb"]


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """One in `folder` with all tables and nothing else, by its address: a file of SQLite's, or a MariaDB."""
    if kind == "sqlite":
        put_sqlite(folder / "db.sqlite3")
        yield f"sqlite:///{folder / 'db.sqlite3'}"
        return
    with mariadb.running(folder, files=mariadb_files()) as address:
        yield f"{address}/{mariadb.DATABASE}"


def play(driver: str, folder: Path, **env: str) -> dict[str, Any]:
    """What came out of each scene of the driver (a module's name), which writes it to a file in `folder` as JSON."""
    file = folder / "told.json"
    done = subprocess.run(
        [sys.executable, "-m", driver, str(file)],
        cwd=ROOT, env={**os.environ, "LOG_LEVEL": "ERROR", **env}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(file.read_text())
