"""A database that is locked, away or without room for a while."""

from __future__ import annotations

import contextlib
import errno
import logging
from collections.abc import Iterator

from django.db import DatabaseError, connection

WAIT = 60  # seconds that work in the background waits for a lock; a page gives up earlier

# As SQLite and MariaDB word it, the latter with the system's number 28. "SHM": the index of SQLite's log.
NO_ROOM = ("is full", "disk full", "no space left", "errcode: 28", "errno: 28", "got error 28")
NO_ROOM_SQLITE = {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_SHMOPEN"}

logger = logging.getLogger(__name__)


def is_full(error: BaseException | None) -> bool:
    """Whether it says that a disk, that of the files or the database's, has no room."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    if not isinstance(error, DatabaseError):
        return False
    said = str(error).lower()
    return getattr(error.__cause__, "sqlite_errorname", "") in NO_ROOM_SQLITE or any(words in said for words in NO_ROOM)


@contextlib.contextmanager
def unless_full() -> Iterator[None]:
    """For a write that nobody waits for: on a full disk it is left out, and only the log says so."""
    try:
        yield
    except (OSError, DatabaseError) as error:
        if not is_full(error):
            raise
        logger.warning("left out, for the disk is full: %s", error)


def wait_for_locks() -> None:
    """Let this process's connection wait longer for a lock (SQLite; MariaDB's own patience is 50 s)."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {1000 * WAIT}")


def forget_broken() -> None:
    """After an error, begin with a new connection if this one is of no use any more."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
