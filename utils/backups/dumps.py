"""Consistent dumps of a database that is in use, and loading them."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import DEFAULT_DB_ALIAS, connections


class DumpFailed(Exception):
    """The database's own program failed; its message says why."""


def dump(folder: Path) -> Path:
    """Write the primary database, as it is at one moment, to a file in the folder."""
    configured = connections.settings[DEFAULT_DB_ALIAS]
    if configured["ENGINE"] == "django.db.backends.sqlite3":
        target = folder / "database.sqlite3"
        _copy(f"file:{quote(str(configured['NAME']))}", target)
    else:
        target = folder / "database.sql"
        options = ["--single-transaction", "--quick", "--hex-blob", "--no-tablespaces", "--skip-comments"]
        with _login(configured, folder) as login, target.open("wb") as out:
            _run(["mariadb-dump", login, "--default-character-set=utf8mb4", *options, configured["NAME"]], stdout=out)
    _sync(target)
    return target


def load(file: Path, scratch: Path) -> None:
    """Replace the primary database by a dump. Raises DumpFailed, also if it is of another engine."""
    configured = connections.settings[DEFAULT_DB_ALIAS]
    sqlite = configured["ENGINE"] == "django.db.backends.sqlite3"
    if sqlite != (file.suffix == ".sqlite3"):
        raise DumpFailed("The backup is of another kind of database: set DATABASE_URL to the kind it was made of.")
    connections.close_all()
    if sqlite:
        _copy(f"file:{quote(str(file))}?mode=ro&immutable=1", configured["NAME"])
        return
    with _login(configured, scratch) as login, file.open("rb") as source:
        _run(["mariadb", login, "--default-character-set=utf8mb4", configured["NAME"]], stdin=source)


def _copy(source: str, target: Path | str) -> None:
    """By SQLite's backup API, in one step: in smaller ones every write in between would begin it anew."""
    with (
        closing(sqlite3.connect(source, timeout=60, uri=True)) as one,
        closing(sqlite3.connect(target, timeout=60)) as other,
    ):
        one.backup(other)


@contextmanager
def _login(configured: dict[str, Any], folder: Path) -> Iterator[str]:
    """The option by which MariaDB's programs read the login: every user may read command lines."""
    fields = {"user": "USER", "password": "PASSWORD", "port": "PORT"}
    host = configured["HOST"] or "localhost"
    values = {"socket" if host.startswith("/") else "host": host}
    values |= {name: str(configured[key]) for name, key in fields.items() if configured[key]}
    quoted = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in values.items()}
    file = folder / ".login.cnf"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write("[client]\n" + "".join(f'{name}="{value}"\n' for name, value in quoted.items()))
    try:
        yield f"--defaults-file={file}"
    finally:
        file.unlink()


def _run(command: list[str], **streams: Any) -> None:
    try:
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False, **streams)
    except FileNotFoundError as error:
        raise DumpFailed(f"{command[0]} is missing: install the package mariadb-client.") from error
    if done.returncode:
        raise DumpFailed(f"{command[0]}: {done.stderr.strip()}")


def _sync(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())
