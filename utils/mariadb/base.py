"""The database connection: exact text comparison, and time zones without the server's zone tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.backends.mysql import base, operations, schema

from utils.time_zones import fixed_offset

COLLATION = "utf8mb4_bin"  # the defaults treat 🎬 and 🎉, 𠮷 and 𡃁, café and cafe as equal
CASELESS = ("iexact", "icontains", "istartswith", "iendswith")
# errors instead of truncated text; unsigned subtraction may be negative in between; times are those of UTC
MODE = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES,NO_UNSIGNED_SUBTRACTION'), time_zone = '+00:00'"
HARMLESS = ("SELECT", "(SELECT", "SET", "SHOW", "SAVEPOINT", "RELEASE", "ROLLBACK", "EXPLAIN")


def is_read(sql: str) -> bool:
    """Whether the statement surely changes no row."""
    return sql.startswith(HARMLESS)


class Cursor(base.CursorWrapper):
    """A cursor that notes on its connection whether it has written."""

    def __init__(self, cursor: Any, db: DatabaseWrapper) -> None:
        super().__init__(cursor)
        self.db = db

    def execute(self, query: str, args: Any = None) -> Any:
        if not is_read(query):
            self.db.has_written = True
        return super().execute(query, args)

    def executemany(self, query: str, args: Any) -> Any:
        self.db.has_written = True
        return super().executemany(query, args)


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """Creates InnoDB tables with an exact collation, whatever the database's defaults."""

    sql_create_table = (
        f"CREATE TABLE %(table)s (%(definition)s) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE {COLLATION}"
    )


class DatabaseOperations(operations.DatabaseOperations):
    """Case-insensitive lookups through LOWER(); fixed-offset time zones by their UTC offset."""

    def lookup_cast(self, lookup_type: str, internal_type: str | None = None) -> str:
        cast = super().lookup_cast(lookup_type, internal_type)
        return f"LOWER({cast})" if lookup_type in CASELESS and internal_type != "JSONField" else cast

    def _convert_sql_to_tz(self, sql: str, params: Sequence[Any], tzname: str | None) -> tuple[str, Sequence[Any]]:
        # Debian leaves the zone tables empty, so CONVERT_TZ returns NULL for zone names, even UTC.
        there = fixed_offset(tzname) if tzname and settings.USE_TZ else ""
        here = fixed_offset(self.connection.timezone_name) if there else ""
        if not here:
            named: tuple[str, Sequence[Any]] = super()._convert_sql_to_tz(sql, params, tzname)  # type: ignore[misc]
            return named
        return (sql, params) if here == there else (f"CONVERT_TZ({sql}, %s, %s)", (*params, here, there))


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to MariaDB or MySQL."""

    SchemaEditorClass = DatabaseSchemaEditor
    cursor_class = Cursor
    has_written = False  # since a request began (utils.replicas)
    ops_class = DatabaseOperations
    operators = base.DatabaseWrapper.operators | dict.fromkeys(CASELESS, "LIKE LOWER(%s)")
    pattern_ops = base.DatabaseWrapper.pattern_ops | {
        "icontains": "LIKE LOWER(CONCAT('%%', {}, '%%'))",
        "istartswith": "LIKE LOWER(CONCAT({}, '%%'))",
        "iendswith": "LIKE LOWER(CONCAT('%%', {}))",
    }

    def get_connection_params(self) -> dict[str, Any]:
        given = super().get_connection_params()
        return {"collation": COLLATION, "init_command": MODE, **given, "charset": "utf8mb4"}

    def create_cursor(self, name: str | None = None) -> Cursor:
        return self.cursor_class(self.connection.cursor(), self)

    def inexact_tables(self) -> list[str]:
        """Tables with another collation or engine, created by an earlier release or another tool."""
        with self.cursor() as cursor:
            cursor.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
                " AND table_type = 'BASE TABLE' AND (table_collation <> %s OR engine <> 'InnoDB') ORDER BY table_name",
                [COLLATION],
            )
            return [name for (name,) in cursor.fetchall()]

    def make_exact(self) -> None:
        """Convert inexact tables. Unique values stay unique, since the new collation distinguishes more."""
        if names := self.inexact_tables():
            with self.constraint_checks_disabled(), self.cursor() as cursor:
                for name in names:
                    cursor.execute(
                        f"ALTER TABLE {self.ops.quote_name(name)} ENGINE=InnoDB,"
                        f" CONVERT TO CHARACTER SET utf8mb4 COLLATE {COLLATION}"
                    )
