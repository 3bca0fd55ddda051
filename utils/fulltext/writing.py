"""Writing documents into an index."""

from __future__ import annotations

from collections.abc import Sequence

from utils.fulltext.generations import Writer
from utils.fulltext.schema import Row
from utils.fulltext.tables import Tables
from utils.fulltext.values import AT_ONCE


def write(writer: Writer, model: str, rows: Sequence[Row], gone: Sequence[str]) -> None:
    """Write `rows` in place of what there is, and remove the documents with the keys `gone`."""
    if writer.tables is not None:
        replace(writer.tables, model, rows, gone)
    writer.touch(model, [*(row.pk for row in rows), *gone])


def replace(tables: Tables, model: str, rows: Sequence[Row], gone: Sequence[str]) -> None:
    """The same in given tables. What hasn't changed isn't written."""
    latest = {row.pk: row for row in rows}
    pks = [*latest, *gone]
    with tables.connection.cursor() as cursor:
        for begin in range(0, len(pks), AT_ONCE):
            some = pks[begin : begin + AT_ONCE]
            kept = {one.pk: one for one in tables.find(cursor, model, some)}
            same = {pk for pk, one in kept.items() if pk in latest and latest[pk].digest == one.digest}
            tables.remove(cursor, [one for pk, one in kept.items() if pk not in same])
            changed = [latest[pk] for pk in some if pk in latest and pk not in same]
            tables.add(cursor, [(kept[row.pk].id if row.pk in kept else None, row) for row in changed])


def load(tables: Tables, rows: Sequence[Row], first: int) -> None:
    """Add documents to tables that nothing else writes to, numbered from `first`."""
    with tables.connection.cursor() as cursor:
        tables.load(cursor, list(enumerate(rows, first)))
