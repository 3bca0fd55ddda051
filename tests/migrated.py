"""Migrated databases: copies of those that are kept in build/, one for each server, as migrating takes seconds.

They are made anew when a migration or a requirement changes. Django's own migrate still runs on each copy of
the tests' process, and finds next to nothing to do.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import mariadb
from tests.conftest import ROOT

if TYPE_CHECKING:
    from django.db.backends.sqlite3.base import DatabaseWrapper

_KEPT = mariadb.KEPT
_pristine = sqlite3.connect(":memory:", check_same_thread=False)  # what each transactional test begins with


def put_sqlite(path: Path) -> None:
    """Put a database with all tables and nothing else at `path`, and make its folder; both are the owner's only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not _kept().exists():
        _make()
    shutil.copyfile(_kept(), path)
    path.chmod(0o600)


def mariadb_files() -> Path:
    """The files of a MariaDB whose `mariadb.DATABASE` has all tables and nothing else: to start a server with."""
    empty = mariadb.installed()
    kept = empty.with_name(f"{empty.name}-{_digest()}")
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=_KEPT) as folder:
            with mariadb.running(Path(folder), whole=True) as address:
                _migrate(mariadb.create_database(address, mariadb.DATABASE), folder)
            mariadb.keep(Path(folder, "mariadb"), kept)
    return kept


def fill(connection: DatabaseWrapper, **_: Any) -> None:
    """Receiver of `connection_created`: give an empty database in memory the tables of the kept one."""
    if connection.vendor != "sqlite" or not connection.is_in_memory_db() or not _kept().exists():
        return
    if connection.connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None:
        kept = sqlite3.connect(f"{_kept().as_uri()}?mode=ro", uri=True)
        kept.backup(connection.connection)
        kept.close()


def remember(connection: DatabaseWrapper) -> None:
    """Keep what the test database holds now, for `restore` and for the runs to come."""
    connection.ensure_connection()
    connection.connection.backup(_pristine)
    if not _kept().exists():
        _KEPT.mkdir(parents=True, exist_ok=True)
        new = _KEPT / f"{os.getpid()}.new"
        copy = sqlite3.connect(new)
        _pristine.backup(copy)
        copy.close()
        new.replace(_kept())


def restore(connection: DatabaseWrapper) -> None:
    """Put the test database back as `remember` saw it: a millisecond, where a flush takes a hundred."""
    connection.ensure_connection()
    _pristine.backup(connection.connection)


@cache
def _digest() -> str:
    """Of everything that decides what tables there are."""
    digest = hashlib.sha256()
    migrations = [path for floor in ("apps", "utils") for path in (ROOT / floor).glob("**/migrations/*.py")]
    for path in [ROOT / "requirements.txt", *sorted(migrations)]:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _kept() -> Path:
    return _KEPT / f"migrated-{_digest()}.sqlite3"


def _make() -> None:
    _KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_KEPT) as folder:
        new = Path(folder) / "db.sqlite3"
        _migrate(f"sqlite:///{new}", folder)
        new.replace(_kept())


def _migrate(address: str, folder: str) -> None:
    """As `make run` migrates, in a process of its own: this one's database may be another."""
    env = {**os.environ, "DATA_DIR": folder, "DATABASE_URL": address}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=env, check=True)
