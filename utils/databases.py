"""A database that is locked or away for a while, for work that can wait for it."""

from __future__ import annotations

from django.db import connection

WAIT = 60  # seconds that work in the background waits for a lock; a page gives up earlier


def wait_for_locks() -> None:
    """Let this process's connection wait longer for a lock (SQLite; MariaDB's own patience is 50 s)."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {1000 * WAIT}")


def forget_broken() -> None:
    """After an error, begin with a new connection if this one is of no use any more."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
