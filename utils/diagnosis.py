"""One-sentence diagnoses of operational errors for the operator: settings, packages, disk, database, queue.

Uses only the standard library until packages are known to be installed.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = {"streamsite", "celery_tasks", "apps", "utils", "deploy"}
FULL = {errno.ENOSPC, errno.EDQUOT}
ANOTHER = "Choose another folder with DATA_DIR."
ROOM = f"Free up space. {ANOTHER}"
ALMOST_NOTHING = 1_000_000  # bytes; SQLite also reports a full disk as "disk I/O error"


def diagnose(error: BaseException) -> str:
    """A diagnosis of an error in the environment; "" if it looks like a bug of ours."""
    if isinstance(error, ImportError):
        return _of_package(error)
    if isinstance(error, OSError) and not isinstance(error, ConnectionError | TimeoutError):
        return _of_file(error)
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.db import DatabaseError, InterfaceError
        from kombu.exceptions import OperationalError
        from redis.exceptions import RedisError
    except ImportError as missing:
        return _of_package(missing)
    if isinstance(error, ImproperlyConfigured):
        if "mysqlclient" in str(error):
            return "The driver for MariaDB is missing. Install it: .venv/bin/uv pip install -r requirements-mysql.txt"
        return f"Invalid setting: {error}"
    if isinstance(error, DatabaseError | InterfaceError):
        return _of_database(error)
    if isinstance(error, RedisError | OperationalError):
        return f"Redis isn't responding at {_address('REDIS_URL', 'redis://127.0.0.1:6379')}: {_one_line(error)}"
    return ""


def _of_package(error: ImportError) -> str:
    name = (error.name or "").partition(".")[0]
    if not name or name in OURS:
        return ""
    ours = ROOT / ".venv" / "bin" / "python"
    if ours.exists() and Path(sys.prefix).resolve() != ours.parents[1].resolve():
        return (
            f"The package {name} isn't installed for {sys.executable}. Use the project's own Python: {ours} manage.py …"
        )
    why = "is missing" if isinstance(error, ModuleNotFoundError) else f"can't be loaded ({_one_line(error)})"
    return f"The package {name} {why}. Run `make run` or `make dev` to install it."


def _of_file(error: OSError) -> str:
    place = str(error.filename or "")
    data = data_dir()
    if error.errno in FULL:
        return f"The disk of {place or data} is full. {ROOM}"
    if not place:
        return ""
    why = "that is a file" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
    inside = Path(place) == data or data in Path(place).parents or Path(place) in data.parents
    return f"The data can't be stored in {data} ({place}: {why}). {ANOTHER}" if inside else f"{place}: {why}."


def _of_database(error: Exception) -> str:
    said = _one_line(error.args[-1] if error.args else error)
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0  # MariaDB error code
    if re.search(r"no such (table|column)|has no column", said) or code in {1054, 1146}:
        return f"The database isn't up to date ({said}). Run: manage.py migrate"
    if code:
        return f"The database {_address('DATABASE_URL', '')} can't be used: {said} ({code})."
    file = _database_file()
    if "is full" in said or ("disk I/O" in said and _is_full(file)):
        return f"The disk of {file} is full. {ROOM}"
    if "unable to open" in said and not file.parent.is_dir():
        return f"The folder {file.parent} doesn't exist. Create it, or choose another with DATA_DIR or DATABASE_URL."
    if "unable to open" in said or "readonly" in said:
        return (
            f"{file} can't be opened and written by this user ({said}). Run as its owner, or choose another DATA_DIR."
        )
    if "not a database" in said or "malformed" in said:
        return f"{file} is damaged or not a database ({said}). Replace it with a backup."
    if "locked" in said or "disk I/O" in said:
        return f"{file} can't be used now ({said}). Try again."
    return ""


def data_dir() -> Path:
    """DATA_DIR, as the settings read it."""
    given = os.environ.get("DATA_DIR") or str(ROOT / "data")
    try:
        return Path(given).expanduser().resolve()
    except (OSError, RuntimeError):
        return Path(given)


def _database_file() -> Path:
    url = os.environ.get("DATABASE_URL", "")
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else data_dir() / "db.sqlite3"


def _is_full(file: Path) -> bool:
    try:
        return shutil.disk_usage(file.parent).free < ALMOST_NOTHING
    except OSError:
        return False


def _address(variable: str, default: str) -> str:
    """A URL from the environment without its password."""
    return re.sub(r"//[^@/]*@", "//", os.environ.get(variable) or default)


def _one_line(what: object) -> str:
    return " ".join(str(what).split())
