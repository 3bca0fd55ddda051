"""The connection to a replica: read-only, with short timeouts, and the primary behind it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import MySQLdb
from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connections

from utils.mariadb import base
from utils.replicas.positions import Position, to_text
from utils.replicas.routing import leave, needs_primary

# A statement that takes longer is cancelled, and the primary answers it; the read timeout is for servers that hang.
SESSION = "tx_read_only = 1, max_statement_time = 0.8"
TIMEOUT = 1  # seconds
CLIENT_ERRORS = 2000  # from here on, errors of the client library: no connection, or lost
# too many connections, access denied, unknown database, shutdown, killed
UNAVAILABLE = {1040, 1044, 1045, 1049, 1053, 1129, 1203, 1226, 1927}


class Cursor(base.Cursor):
    """Executes on the replica; on the primary if that fails, or if the statement reads tables of accounts."""

    db: DatabaseWrapper

    def execute(self, query: str, args: Any = None) -> Any:
        if needs_primary(query):
            return self._on_primary(query, args)
        try:
            return super().execute(query, args)
        except MySQLdb.Error as error:
            if not base.is_read(query):
                raise
            self.db.failed(error)
            return self._on_primary(query, args)

    def _on_primary(self, query: str, args: Any) -> Any:
        with suppress(MySQLdb.Error):
            self.cursor.close()
        self.cursor: Any = connections[DEFAULT_DB_ALIAS].cursor()
        return self.cursor.execute(query, args)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to a replica."""

    cursor_class = Cursor

    def get_connection_params(self) -> dict[str, Any]:
        given = super().get_connection_params()
        limits = {"connect_timeout": TIMEOUT, "read_timeout": TIMEOUT, "write_timeout": TIMEOUT}
        return {**given, "init_command": f"{given['init_command']}, {SESSION}", **limits}

    def _cursor(self, name: str | None = None) -> Any:
        try:
            return super()._cursor(name)  # type: ignore[misc]
        except OperationalError as error:
            self.failed(error)
            return connections[DEFAULT_DB_ALIAS].cursor()

    def wait_for(self, position: Position, *, seconds: float) -> bool:
        """Wait until the replica has applied everything up to `position`; False if it takes longer or fails."""
        try:
            self.ensure_connection()
            with self.wrap_database_errors, self.connection.cursor() as cursor:
                cursor.execute("SELECT MASTER_GTID_WAIT(%s, %s)", [to_text(position), seconds])
                return bool(cursor.fetchone()[0] == 0)  # -1: timed out
        except DatabaseError as error:
            self.failed(error)
            return False

    def failed(self, error: Exception) -> None:
        """Read from the primary for the rest of the request, and leave the replica out if it is unavailable."""
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        out = number >= CLIENT_ERRORS or number in UNAVAILABLE
        leave(self.alias, error, out=out)
        if out:
            with suppress(DatabaseError):
                self.close()
