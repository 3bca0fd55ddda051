"""MariaDB: the lists are an ordinary table (posting, rank, document), which is read in order of heat.

Why not FULLTEXT: docs/decisions/0067.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from utils.fulltext.matching import Every, Match, Occurs, Some, length
from utils.fulltext.postings import Listed, Needed
from utils.fulltext.schema import LONGEST_KEYWORD, Column, Row
from utils.fulltext.tables import Condition, Kept, Source, Tables

TYPES = {
    "integer": "BIGINT",
    "boolean": "TINYINT",
    "float": "DOUBLE",
    "date": "VARCHAR(40)",
    "datetime": "VARCHAR(40)",
    "keyword": f"VARCHAR({LONGEST_KEYWORD})",
}
OPTIONS = "ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
LONGEST = 48  # bytes of a posting; of a longer one the first are stored, and a digest
BEGINNING = LONGEST - 8
JOINED = 5  # postings of one match that are looked up; the comparison does the rest
ROWS = 2000  # of one statement
TOGETHER = 10_000  # documents of a rebuild whose postings are written together: the more, the more are neighbors


class MariaDBTables(Tables):
    """One generation in MariaDB 10.6 or newer."""

    join = "STRAIGHT_JOIN"  # in this order
    caseless = "LOWER({})"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.lists = f"{self.name}_lists"
        self._waiting: dict[str, list[str]] = {}  # the ends of rows, by posting
        self._documents_waiting = 0

    @property
    def analyzed(self) -> str:
        return f"TABLE {self.docs}, {self.lists}"

    def column_type(self, column: Column) -> str:
        return "LONGTEXT" if column.many else TYPES.get(column.kind, "LONGTEXT")

    def text_tables(self) -> list[str]:
        return [self.lists]

    def statements(self) -> list[str]:
        columns = "".join(f", {one.sql} {self.column_type(one)}" for one in self.schema.columns.values())
        indexed = [one for one in self.schema.columns.values() if one.faceted and not one.many]
        prefixed = {one.sql: "(190)" if self.column_type(one) == "LONGTEXT" else "" for one in indexed}
        indexes = "".join(f", KEY i_{sql} ({sql}{length}, rnk)" for sql, length in prefixed.items())
        return [
            f"CREATE TABLE {self.docs} (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, rnk INT UNSIGNED NOT NULL,"
            f" model VARCHAR(100) NOT NULL, pk VARCHAR(100) NOT NULL, digest BIGINT NOT NULL{columns},"
            f" tokens LONGTEXT NOT NULL, UNIQUE (model, pk), KEY (rnk){indexes}) {OPTIONS}",
            f"CREATE TABLE {self.lists} (posting VARBINARY({LONGEST}) NOT NULL, rnk INT UNSIGNED NOT NULL,"
            f" doc INT UNSIGNED NOT NULL, PRIMARY KEY (posting, rnk, doc)) {OPTIONS}",
        ]

    # --- writing -----------------------------------------------------------------------------

    def add_postings(self, cursor: Any, rows: Sequence[tuple[int, Row]]) -> None:
        self._collect(rows)
        self._write(cursor)

    def load(self, cursor: Any, rows: Sequence[tuple[int, Row]]) -> None:
        self._insert_numbered(cursor, rows)
        self._collect(rows)
        if self._documents_waiting >= TOGETHER:
            self._write(cursor)

    def settle(self) -> None:
        with self.connection.cursor() as cursor:
            self._write(cursor)
        super().settle()

    def remove_postings(self, cursor: Any, kept: Sequence[Kept]) -> None:
        for one in kept:
            listed = ",".join(sorted({_hexadecimal(posting) for posting in self.schema.postings(one.tokens).split()}))
            if listed:
                cursor.execute(
                    f"DELETE FROM {self.lists} WHERE posting IN ({listed}) AND rnk = %s AND doc = %s",
                    [one.rank, one.id],
                )

    def _collect(self, rows: Sequence[tuple[int, Row]]) -> None:
        waiting = self._waiting
        for number, row in rows:
            end = f",{row.rank:d},{number:d})"
            for posting in set(row.postings.split(" ")):
                if posting in waiting:
                    waiting[posting].append(end)
                else:
                    waiting[posting] = [end]
        self._documents_waiting += len(rows)

    def _write(self, cursor: Any) -> None:
        """Write what was collected, in the order of the table."""
        waiting, self._waiting, self._documents_waiting = self._waiting, {}, 0
        waiting.pop("", None)
        beginning = f"INSERT INTO {self.lists} (posting, rnk, doc) VALUES "
        values: list[str] = []
        size = 0
        for posting in sorted(waiting):
            # numbers and hexadecimal text of our own making: quoting each would take longer than the insert
            first = f"({_hexadecimal(posting)}"
            values.append(first + f",{first}".join(waiting[posting]))
            size += len(waiting[posting])
            if size >= ROWS:
                cursor.execute(beginning + ",".join(values))
                values, size = [], 0
        if values:
            cursor.execute(beginning + ",".join(values))

    # --- reading -----------------------------------------------------------------------------

    def text_source(self, match: Match, most: int | None = None) -> Source:
        if (plain := _conjunction(match)) is not None:
            return self._joined(plain)
        if isinstance(match, Every):
            first, *rest = sorted(match.parts, key=length, reverse=True)
            source = self.text_source(first)
            rank, doc = source.order.split(", ")
            return replace(source, where=(*source.where, *(self._exists(part, rank, doc) for part in rest)))
        selects: list[str] = []
        params: list[Any] = []
        for part in _alternatives(match):
            source = self.text_source(part)
            sql, values = self.select(source, source.order, ())
            bound = f" ORDER BY {source.order} LIMIT {most:d}" if most is not None else ""
            selects.append(f"({sql}{bound})")
            params += values
        return _derived(" UNION ".join(selects), params)

    def text_condition(self, match: Match) -> Condition:
        return self._exists(match, "d.rnk", "d.id")

    def listed_source(self, posting: str) -> Source:
        return Source(f"{self.lists} p0", "p0.doc", "p0.rnk, p0.doc", (_is("p0", Listed(posting)),))

    def listed_condition(self, postings: Sequence[str]) -> Condition:
        listed = ", ".join(map(_hexadecimal, postings))
        return f"d.id IN (SELECT p.doc FROM {self.lists} p WHERE p.posting IN ({listed}))", []

    def vocabulary(self, cursor: Any, field: str, beginning: str, limit: int) -> dict[str, int]:
        letter = self.schema.indexed[field].letter
        sql, params = _is("p", Listed(letter + beginning, True))
        cursor.execute(
            f"SELECT posting, COUNT(*) FROM {self.lists} p WHERE {sql} GROUP BY posting LIMIT {limit:d}", params
        )
        return {bytes(posting).decode(errors="replace")[len(letter) :]: count for posting, count in cursor.fetchall()}

    def _joined(self, parts: Sequence[Occurs]) -> Source:
        """Documents with all of the phrases, by a join whose order the server chooses from its index."""
        wanted: dict[tuple[Listed, ...], None] = {}
        checks: list[Condition] = []
        for one in parts:
            needed = self._needed(one)
            wanted |= dict.fromkeys(needed.postings)
            if not needed.certain:
                checks.append(self.check(one))
        chosen = list(wanted)
        if len(chosen) > JOINED:
            chosen = sorted(chosen, key=lambda alternatives: -len(alternatives[0].posting))[:JOINED]
            checks = [self.check(one) for one in parts]
        tables = f"{self.lists} p0"
        for number in range(1, len(chosen)):
            tables += f" JOIN {self.lists} p{number} ON p{number}.rnk = p0.rnk AND p{number}.doc = p0.doc"
        where = tuple(_is(f"p{number}", *alternatives) for number, alternatives in enumerate(chosen))
        source = Source(tables, "p0.doc", "p0.rnk, p0.doc", where, checks=tuple(checks))
        if any(one.beginning for alternatives in chosen for one in alternatives):
            return _derived(*self.select(source, "DISTINCT p0.rnk, p0.doc", ()))
        return source

    def _needed(self, one: Occurs) -> Needed:
        (name,) = one.fields
        needed = self.schema.indexed[name].needed(one.phrase, one.start)
        cut = any(len(one.posting.encode()) > BEGINNING for some in needed.postings for one in some if one.beginning)
        return needed._replace(certain=False) if cut else needed

    def _exists(self, match: Match, rank: str, doc: str) -> Condition:
        if isinstance(match, Occurs) and len(match.fields) > 1:
            match = Some(tuple(Occurs((name,), match.phrase, match.start) for name in match.fields))
        if isinstance(match, Occurs):
            needed = self._needed(match)
            parts = []
            params: list[Any] = []
            for posting in needed.postings:
                sql, values = _is("q", *posting)
                parts.append(
                    f"EXISTS (SELECT 1 FROM {self.lists} q WHERE ({sql}) AND q.rnk = {rank} AND q.doc = {doc})"
                )
                params += values
            if not needed.certain:
                sql, values = self.check(match)
                parts.append(
                    f"({sql})"
                    if doc == "d.id"
                    else f"EXISTS (SELECT 1 FROM {self.docs} d WHERE d.id = {doc} AND ({sql}))"
                )
                params += values
            return " AND ".join(parts), params
        inner = [self._exists(part, rank, doc) for part in match.parts]
        word = " AND " if isinstance(match, Every) else " OR "
        return word.join(f"({sql})" for sql, _ in inner), [value for _, values in inner for value in values]


def _derived(sql: str, params: Sequence[Any]) -> Source:
    return Source(f"({sql}) u", "u.doc", "u.rnk, u.doc", (("1 = 1", []),), tuple(params))


def _stored(posting: str) -> bytes:
    """A posting as it is stored: too long ones end in a digest."""
    found = posting.encode()
    if len(found) <= LONGEST:
        return found
    return found[:BEGINNING] + hashlib.blake2b(found, digest_size=8).digest()


def _hexadecimal(posting: str) -> str:
    return f"0x{_stored(posting).hex()}"


def _is(alias: str, *alternatives: Listed) -> Condition:
    parts: list[str] = []
    params: list[Any] = []
    for posting, beginning in alternatives:
        if beginning:
            low = posting.encode()[:BEGINNING]
            parts.append(f"{alias}.posting >= %s AND {alias}.posting < %s")
            params += [low, low + b"\xff"]
        else:
            parts.append(f"{alias}.posting = %s")
            params.append(_stored(posting))
    return parts[0] if len(parts) == 1 else " OR ".join([f"({part})" for part in parts]), params


def _conjunction(match: Match) -> list[Occurs] | None:
    """The phrases of a match that asks for all of them, each in one field."""
    if isinstance(match, Occurs):
        return [match] if len(match.fields) == 1 else None
    if isinstance(match, Some):
        return None
    found = [_conjunction(part) for part in match.parts]
    if any(part is None for part in found):
        return None
    return [one for part in found if part for one in part]


def _alternatives(match: Match) -> list[Match]:
    if isinstance(match, Occurs):
        return [Occurs((name,), match.phrase, match.start) for name in match.fields]
    return list(match.parts) if isinstance(match, Some) else [match]
