"""Migrated databases: copies of one that is made once in a run, as migrating takes seconds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.conftest import ROOT
from tests.environment import DATA


def put_sqlite(path: Path) -> None:
    """Put a database with all tables and nothing else at `path`, and make its folder; both are the owner's only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(_sqlite(), path)
    path.chmod(0o600)


@cache
def _sqlite() -> Path:
    path = DATA / "migrated" / "db.sqlite3"
    path.parent.mkdir(mode=0o700)
    env = {**os.environ, "DATA_DIR": str(path.parent), "DATABASE_URL": f"sqlite:///{path}"}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=env, check=True)
    return path
