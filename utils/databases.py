"""Temporary database failures: locked, unreachable or out of disk space."""

from __future__ import annotations

import contextlib
import errno
import logging
from collections.abc import Iterator

from django.db import DatabaseError, connection

WAIT = 60  # seconds that background tasks wait for a lock; pages give up earlier

# error texts of SQLite and MariaDB (28 is ENOSPC); SHM is the index of SQLite's write-ahead log
NO_ROOM = ("is full", "disk full", "no space left", "errcode: 28", "errno: 28", "got error 28")
NO_ROOM_SQLITE = {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_SHMOPEN"}

logger = logging.getLogger(__name__)


def is_full(error: BaseException | None) -> bool:
    """Whether the error means that the disk of the files or of the database is full."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    if not isinstance(error, DatabaseError):
        return False
    said = str(error).lower()
    return getattr(error.__cause__, "sqlite_errorname", "") in NO_ROOM_SQLITE or any(words in said for words in NO_ROOM)


@contextlib.contextmanager
def unless_full() -> Iterator[None]:
    """For an optional write: on a full disk it is skipped and logged."""
    try:
        yield
    except (OSError, DatabaseError) as error:
        if not is_full(error):
            raise
        logger.warning("write skipped because the disk is full: %s", error)


def wait_for_locks() -> None:
    """Let this process's connection wait longer for a lock (SQLite; MariaDB's default is 50 s)."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {1000 * WAIT}")


def forget_broken() -> None:
    """After an error, close the connection if it is unusable."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
