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
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.sqlite3.base import DatabaseWrapper

_KEPT = mariadb.KEPT
# what each transactional test begins with: SQLite's database; MariaDB's rows by table, with checksums
_pristine = sqlite3.connect(":memory:", check_same_thread=False)
_rows: dict[str, list[tuple[Any, ...]]] = {}
_checksums: dict[str, int] = {}


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


def remember(connection: BaseDatabaseWrapper) -> None:
    """Keep what the test database holds now, for `restore`; of SQLite's also for the runs to come."""
    connection.ensure_connection()
    if connection.vendor != "sqlite":
        _remember_rows(connection)
        return
    connection.connection.backup(_pristine)
    if not _kept().exists():
        _KEPT.mkdir(parents=True, exist_ok=True)
        new = _KEPT / f"{os.getpid()}.new"
        copy = sqlite3.connect(new)
        _pristine.backup(copy)
        copy.close()
        new.replace(_kept())


def restore(connection: BaseDatabaseWrapper) -> None:
    """Put the test database back as `remember` saw it: some milliseconds, where a flush takes hundreds."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        _pristine.backup(connection.connection)
    else:
        _restore_rows(connection)


def _remember_rows(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        for table in _filled(connection):
            cursor.execute(f"SELECT * FROM `{table}`")
            _rows[table] = list(cursor.fetchall())
        _checksums.update(_checksums_of(connection))


def _restore_rows(connection: BaseDatabaseWrapper) -> None:
    """Empty the tables that were empty, and renew those that had rows and were changed."""
    now = _checksums_of(connection)
    changed = {table for table in _rows if now[table] != _checksums[table]} | (_filled(connection) - set(_rows))
    with connection.cursor() as cursor, connection.constraint_checks_disabled():
        for table in changed:
            cursor.execute(f"DELETE FROM `{table}`")
            if rows := _rows.get(table):
                cursor.executemany(f"INSERT INTO `{table}` VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)


def _filled(connection: BaseDatabaseWrapper) -> set[str]:
    """The tables that have rows."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"(SELECT '{table}' FROM `{table}` LIMIT 1)" for table in tables))
        return {table for (table,) in cursor.fetchall()}


def _checksums_of(connection: BaseDatabaseWrapper) -> dict[str, int]:
    """By which tables that had rows are seen to have others."""
    with connection.cursor() as cursor:
        cursor.execute(f"CHECKSUM TABLE {', '.join(f'`{table}`' for table in _rows)}")
        return {name.rpartition(".")[2]: checksum for name, checksum in cursor.fetchall()}


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
