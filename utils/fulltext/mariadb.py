"""MariaDB: the lists are an ordinary table (posting, rank, document), which is read in order of heat.

Why not FULLTEXT: docs/decisions/0067.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from utils.fulltext.matching import Every, Listings, Match, Occurs, Some, conjunction, singles, ways
from utils.fulltext.postings import Listed, Needed, Value
from utils.fulltext.schema import LONGEST_KEYWORD, Column, Row
from utils.fulltext.sizes import Sizes
from utils.fulltext.stored import BEGINNING, LONGEST, hexadecimal, is_listed
from utils.fulltext.tables import Condition, Kept, Source, Tables
from utils.fulltext.values import MOST_VALUES

TYPES = {
    "integer": "BIGINT",
    "boolean": "TINYINT",
    "float": "DOUBLE",
    "date": "VARCHAR(40)",
    "datetime": "VARCHAR(40)",
    "keyword": f"VARCHAR({LONGEST_KEYWORD})",
}
OPTIONS = "ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
FEW = 2000  # documents that are read at once, to look the other parts of a match up for each
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
        self._sizes = Sizes(self.connection, self.lists, self._needed)

    @property
    def analyzed(self) -> str:
        return f"TABLE {self.docs}, {self.lists}, {self.values}, {self.forms}"

    def column_type(self, column: Column) -> str:
        return "LONGTEXT" if column.many else TYPES.get(column.kind, "LONGTEXT")

    def text_tables(self) -> list[str]:
        return [self.lists, self.forms, self.values]

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
            f"CREATE TABLE {self.values} (id INT UNSIGNED PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE,"
            f" tokens LONGTEXT NOT NULL) {OPTIONS}",
            f"CREATE TABLE {self.forms} (posting VARBINARY({LONGEST}) NOT NULL, value INT UNSIGNED NOT NULL,"
            f" PRIMARY KEY (posting, value)) {OPTIONS}",
        ]

    # --- writing -----------------------------------------------------------------------------

    def add_postings(self, cursor: Any, rows: Sequence[tuple[int, Row]]) -> None:
        self._collect(rows)
        self._write(cursor)

    def load(self, cursor: Any, rows: Sequence[tuple[int, Row]]) -> None:
        self._insert_numbered(cursor, rows)
        self.keep_values(rows)
        self._collect(rows)
        if self._documents_waiting >= TOGETHER:
            self._write(cursor)

    def settle(self) -> None:
        with self.connection.cursor() as cursor:
            self._write(cursor)
        super().settle()

    def remove_postings(self, cursor: Any, kept: Sequence[Kept]) -> None:
        for one in kept:
            listed = ",".join(sorted({hexadecimal(posting) for posting in self.schema.postings(one.tokens).split()}))
            if listed:
                cursor.execute(
                    f"DELETE FROM {self.lists} WHERE posting IN ({listed}) AND rnk = %s AND doc = %s",
                    [one.rank, one.id],
                )

    def insert_values(self, cursor: Any, values: Sequence[Value]) -> None:
        cursor.execute(f"SELECT COALESCE(MAX(id), 0) + 1 FROM {self.values}")
        first = int(cursor.fetchone()[0])
        stored = [(number, *value) for number, value in enumerate(values, first)]
        cursor.executemany(f"INSERT INTO {self.values} (id, name, tokens) VALUES (%s, %s, %s)", stored)
        listed = [(p, number) for number, _, tokens in stored for p in set(self.schema.postings(tokens).split(" "))]
        texts = [f"({hexadecimal(posting)},{number:d})" for posting, number in sorted(listed)]
        for begin in range(0, len(texts), ROWS):
            some = ",".join(texts[begin : begin + ROWS])
            cursor.execute(f"INSERT INTO {self.forms} (posting, value) VALUES {some}")

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
            first = f"({hexadecimal(posting)}"
            values.append(first + f",{first}".join(waiting[posting]))
            size += len(waiting[posting])
            if size >= ROWS:
                cursor.execute(beginning + ",".join(values))
                values, size = [], 0
        if values:
            cursor.execute(beginning + ",".join(values))

    # --- reading -----------------------------------------------------------------------------

    def found_source(self, match: Match, most: int | None) -> Source:
        if (plain := conjunction(match)) is not None:
            return self._joined(plain)
        if isinstance(match, Listings):
            if len(match.postings) == 1:
                return self.listed_source(match.postings[0])
            return _derived(f"SELECT DISTINCT p.rnk, p.doc FROM {self.lists} p WHERE {self._in('p', match)}", ())
        if isinstance(match, Every):
            self._sizes.measure(match)
            first, *rest = sorted(match.parts, key=self._sizes.of)
            if most is None or self._sizes.of(first) < FEW:
                return self._with(self.found_source(first, None), rest)
            return self._together([self._with(self.found_source(part, None), rest) for part in singles(first)], most)
        return self._together([self.found_source(part, most) for part in ways(match)], most)

    def _with(self, source: Source, others: Sequence[Match]) -> Source:
        """Those of a source's documents that meet the others: each is looked up by its key."""
        rank, doc = source.order.split(", ")
        return replace(source, where=(*source.where, *(self._exists(part, rank, doc, probe=True) for part in others)))

    def _together(self, sources: Sequence[Source], most: int | None) -> Source:
        """Documents of any of the sources, of each the first `most`."""
        if len(sources) == 1:
            return sources[0]
        selects: list[str] = []
        params: list[Any] = []
        for source in sources:
            sql, values = self.select(source, source.order, ())
            bound = f" ORDER BY {source.order} LIMIT {most:d}" if most is not None else ""
            selects.append(f"({sql}{bound})")
            params += values
        return _derived(" UNION ".join(selects), params)

    def found_condition(self, match: Match) -> Condition:
        return self._exists(match, "d.rnk", "d.id")

    def listed_source(self, posting: str) -> Source:
        return Source(f"{self.lists} p0", "p0.doc", "p0.rnk, p0.doc", (is_listed("p0", Listed(posting)),))

    def listed_condition(self, postings: Sequence[str]) -> Condition:
        listed = ", ".join(map(hexadecimal, postings))
        return f"d.id IN (SELECT p.doc FROM {self.lists} p WHERE p.posting IN ({listed}))", []

    def find_values(self, cursor: Any, wanted: Sequence[Needed]) -> list[tuple[int, str]]:
        parts: list[str] = []
        params: list[Any] = []
        for number, needed in enumerate(wanted):
            postings = list(dict.fromkeys(needed.postings))[:JOINED]
            tables = f"{self.forms} q0"
            for other in range(1, len(postings)):
                tables += f" JOIN {self.forms} q{other} ON q{other}.value = q0.value"
            where = []
            for place, alternatives in enumerate(postings):
                sql, values = is_listed(f"q{place}", *alternatives)
                where.append(f"({sql})")
                params += values
            several = any(one.beginning for alternatives in postings for one in alternatives)
            parts.append(
                f"(SELECT {'DISTINCT ' * several}{number:d} n, v.name, q0.value FROM {tables}"
                f" JOIN {self.values} v ON v.id = q0.value WHERE {' AND '.join(where)}"
                f" AND INSTR(v.tokens, %s) > 0 ORDER BY q0.value LIMIT {MOST_VALUES:d})"
            )
            params.append(needed.part)
        cursor.execute(" UNION ALL ".join(parts), params)
        return [(number, name) for number, name, _ in sorted(cursor.fetchall(), key=lambda row: (row[0], row[2]))]

    def vocabulary(self, cursor: Any, field: str, beginning: str, limit: int) -> dict[str, int]:
        letter = self.schema.indexed[field].letter
        sql, params = is_listed("p", Listed(letter + beginning, True))
        lists = self.forms if self.schema.indexed[field].shared else self.lists
        cursor.execute(f"SELECT posting, COUNT(*) FROM {lists} p WHERE {sql} GROUP BY posting LIMIT {limit:d}", params)
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
        where = tuple(is_listed(f"p{number}", *alternatives) for number, alternatives in enumerate(chosen))
        source = Source(tables, "p0.doc", "p0.rnk, p0.doc", where, checks=tuple(checks))
        if any(one.beginning for alternatives in chosen for one in alternatives):
            return _derived(*self.select(source, "DISTINCT p0.rnk, p0.doc", ()))
        return source

    def _needed(self, one: Occurs) -> Needed:
        (name,) = one.fields
        needed = self.schema.indexed[name].needed(one.phrase, one.start)
        cut = any(len(one.posting.encode()) > BEGINNING for some in needed.postings for one in some if one.beginning)
        return needed._replace(certain=False) if cut else needed

    def _in(self, alias: str, match: Listings) -> str:
        return f"{alias}.posting IN ({', '.join(map(hexadecimal, match.postings))})"

    def _exists(self, match: Match, rank: str, doc: str, *, probe: bool = False) -> Condition:
        """`probe`: row by row, as few rows are asked for; else the server may read all lists first."""
        if isinstance(match, Listings):
            # not correlated, so that it is read once
            return f"{doc} IN (SELECT q.doc FROM {self.lists} q WHERE {self._in('q', match)})", []
        if isinstance(match, Occurs) and len(match.fields) > 1:
            match = Some(tuple(Occurs((name,), match.phrase, match.start) for name in match.fields))
        if isinstance(match, Occurs):
            needed = self._needed(match)
            parts = []
            params: list[Any] = []
            for posting in needed.postings:
                sql, values = is_listed("q", *posting)
                found = f"FROM {self.lists} q WHERE ({sql}) AND q.rnk = {rank} AND q.doc = {doc})"
                parts.append(f"(SELECT COUNT(*) {found} > 0" if probe else f"EXISTS (SELECT 1 {found}")
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
        inner = [self._exists(part, rank, doc, probe=probe) for part in match.parts]
        word = " AND " if isinstance(match, Every) else " OR "
        return word.join(f"({sql})" for sql, _ in inner), [value for _, values in inner for value in values]


def _derived(sql: str, params: Sequence[Any]) -> Source:
    return Source(f"({sql}) u", "u.doc", "u.rnk, u.doc", (("1 = 1", []),), tuple(params))
