"""SQLite: the lists of postings are FTS5's, whose row numbers carry the heat, so that matches come in its order.

FTS5 keeps no texts and no places in them (`content=''`, `detail=none`): what a phrase needs beyond its postings is
compared with the documents' tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from utils.fulltext.matching import Every, Listings, Match, Occurs
from utils.fulltext.postings import JOINED, Listed, Needed, Value
from utils.fulltext.schema import Column, Row
from utils.fulltext.tables import Condition, Kept, Source, Tables
from utils.fulltext.values import MOST_VALUES

MASK = 0xFFFFFFFF
TYPES = {"integer": "INTEGER", "boolean": "INTEGER", "float": "REAL"}
# Postings come separated by spaces; FTS5 must not divide them further. It takes all of non-ASCII as it is.
TOKENIZER = "ascii tokenchars '!#$%&()*+,-./:;<=>?@[]^_`{|}~'"
_DIVIDING = re.compile("[\x00-\x20\"'\\\\\x7f]")  # the rest of ASCII: no posting has these, but a query may
LISTED = 20_000  # documents that are listed in one transaction of a rebuild: others write between them
MEMORY = 64 << 20  # bytes of postings before FTS5 writes them out
MEMORY_OF_UPDATES = 1 << 20
WORDS = 8  # with one beginning that are read one by one: FTS5 reads and sorts the lists of a beginning before the first
MOST_BEGINNINGS = 50  # that are looked up in one statement
MOST_POSTINGS = 12  # of one phrase that are looked up; the comparison does the rest


class SQLiteTables(Tables):
    """One generation in SQLite 3.31 or newer."""

    join = "CROSS JOIN"  # which SQLite doesn't reorder

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.lists, self.terms, self.pending = f"{self.name}_lists", f"{self.name}_terms", f"temp.{self.name}_pending"
        self.form_terms = f"{self.forms}_terms"
        self._words: dict[str, list[str]] = {}  # postings with a beginning, if they are few
        self._pending_made = f"CREATE TABLE IF NOT EXISTS {self.pending} (id INTEGER PRIMARY KEY, postings TEXT)"

    def column_type(self, column: Column) -> str:
        return "TEXT" if column.many else TYPES.get(column.kind, "TEXT")

    def text_tables(self) -> list[str]:
        return [self.pending, self.terms, self.lists, self.form_terms, self.forms, self.values]

    def statements(self) -> list[str]:
        columns = "".join(f", {one.sql} {self.column_type(one)}" for one in self.schema.columns.values())
        faceted = [one.sql for one in self.schema.columns.values() if one.faceted and not one.many]
        return [
            f"CREATE TABLE {self.docs} (id INTEGER PRIMARY KEY, rnk INTEGER NOT NULL, model TEXT NOT NULL,"
            f" pk TEXT NOT NULL, digest INTEGER NOT NULL{columns}, tokens TEXT NOT NULL, UNIQUE (model, pk))",
            f"CREATE INDEX {self.docs}_rnk ON {self.docs} (rnk)",
            *(f"CREATE INDEX {self.docs}_{sql} ON {self.docs} ({sql}, rnk)" for sql in faceted),
            f"CREATE TABLE {self.values} (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, tokens TEXT NOT NULL)",
            *(
                f"CREATE VIRTUAL TABLE {lists} USING fts5(postings, content='', detail=none, columnsize=0,"
                f' tokenize="{TOKENIZER}")'
                for lists in (self.lists, self.forms)
            ),
            f"CREATE VIRTUAL TABLE {self.terms} USING fts5vocab({self.lists}, row)",
            f"CREATE VIRTUAL TABLE {self.form_terms} USING fts5vocab({self.forms}, row)",
        ]

    # --- writing -----------------------------------------------------------------------------

    def add_postings(self, cursor: Any, rows: Sequence[tuple[int, Row]]) -> None:
        # ascending rows: FTS5 writes its memory out whenever a row number falls
        cursor.executemany(
            f"INSERT INTO {self.lists} (rowid, postings) VALUES (%s, %s)",
            [(row.rank << 32 | number, row.postings) for number, row in rows],
        )

    def remove_postings(self, cursor: Any, kept: Sequence[Kept]) -> None:
        ordered = sorted((one.rank << 32 | one.id, one.tokens) for one in kept)
        cursor.executemany(
            f"INSERT INTO {self.lists} ({self.lists}, rowid, postings) VALUES ('delete', %s, %s)",
            [(place, self.schema.postings(tokens)) for place, tokens in ordered],
        )

    def load(self, cursor: Any, rows: Sequence[tuple[int, Row]]) -> None:
        self._insert_numbered(cursor, rows)
        self.keep_values(rows)
        cursor.execute(self._pending_made)
        cursor.executemany(
            f"INSERT INTO {self.pending} (id, postings) VALUES (%s, %s)", [(n, row.postings) for n, row in rows]
        )

    def settle(self) -> None:
        with self.connection.cursor() as cursor:
            self._set(cursor, "hashsize", MEMORY)
            cursor.execute(self._pending_made)
            after: tuple[int, int] | None = (-1, -1)
            while after and (after := self._list_pending(cursor, after)):
                pass
            self._set(cursor, "hashsize", MEMORY_OF_UPDATES)
            cursor.execute(f"DROP TABLE {self.pending}")
        super().settle()

    def _list_pending(self, cursor: Any, after: tuple[int, int]) -> tuple[int, int] | None:
        """List some documents, in the order of their row numbers; returns the last one, None at the end."""
        following = f"FROM {self.docs} d WHERE (d.rnk, d.id) > (%s, %s) ORDER BY d.rnk, d.id"
        cursor.execute(f"SELECT d.rnk, d.id {following} LIMIT 1 OFFSET {LISTED - 1}", after)
        last: tuple[int, int] | None = cursor.fetchone()
        with transaction.atomic(using=self.connection.alias):
            cursor.execute(
                f"INSERT INTO {self.lists} (rowid, postings) SELECT d.rnk << 32 | d.id,"
                f" (SELECT p.postings FROM {self.pending} p WHERE p.id = d.id) {following} LIMIT {LISTED}",
                after,
            )
        return last

    def insert_values(self, cursor: Any, values: Sequence[Value]) -> None:
        cursor.execute(f"SELECT COALESCE(MAX(id), 0) + 1 FROM {self.values}")
        first = int(cursor.fetchone()[0])
        stored = [(number, *value) for number, value in enumerate(values, first)]
        cursor.executemany(f"INSERT INTO {self.values} (id, name, tokens) VALUES (%s, %s, %s)", stored)
        listed = [(number, self.schema.postings(tokens)) for number, _, tokens in stored]
        cursor.executemany(f"INSERT INTO {self.forms} (rowid, postings) VALUES (%s, %s)", listed)

    def _set(self, cursor: Any, option: str, value: int) -> None:
        cursor.execute(f"INSERT INTO {self.lists} ({self.lists}, rank) VALUES (%s, %s)", [option, value])

    # --- reading -----------------------------------------------------------------------------

    def found_source(self, match: Match, most: int | None) -> Source:
        self._read_words(match)
        expression, certain = self._expression(match)
        return replace(self._source(expression), checks=() if certain else (self.check(match),))

    def found_condition(self, match: Match) -> Condition:
        self._read_words(match)
        expression, certain = self._expression(match)
        sql, params = self._condition(expression)
        if certain:
            return sql, params
        check, values = self.check(match)
        return f"{sql} AND ({check})", [*params, *values]

    def listed_source(self, posting: str) -> Source:
        return self._source(_quoted(posting))

    def listed_condition(self, postings: Sequence[str]) -> Condition:
        return self._condition(" OR ".join(map(_quoted, postings)))

    def find_values(self, cursor: Any, wanted: Sequence[Needed]) -> list[tuple[int, str]]:
        parts, params = [], []
        for number, needed in enumerate(wanted):
            parts.append(
                f"SELECT * FROM (SELECT {number:d} n, v.name FROM {self.forms} t CROSS JOIN {self.values} v"
                f" ON v.id = t.rowid WHERE t.{self.forms} MATCH %s AND INSTR(v.tokens, %s) > 0"
                f" ORDER BY t.rowid LIMIT {MOST_VALUES:d})"
            )
            params += [" AND ".join(map(self._any, needed.postings[:MOST_POSTINGS])), needed.part]
        cursor.execute(" UNION ALL ".join(parts), params)
        return list(cursor.fetchall())

    def vocabulary(self, cursor: Any, field: str, beginning: str, limit: int) -> dict[str, int]:
        letter = self.schema.indexed[field].letter
        terms = self.form_terms if self.schema.indexed[field].shared else self.terms
        cursor.execute(
            f"SELECT term, doc FROM {terms} WHERE term >= %s AND term < %s LIMIT {limit:d}",
            [f"{letter}{beginning}", f"{letter}{beginning}\U0010ffff"],
        )
        return {term[len(letter) :]: count for term, count in cursor.fetchall()}

    def _source(self, expression: str) -> Source:
        return Source(
            f"{self.lists} t", f"(t.rowid & {MASK})", "t.rowid", ((f"t.{self.lists} MATCH %s", [expression]),)
        )

    def _condition(self, expression: str) -> Condition:
        return f"d.id IN (SELECT t.rowid & {MASK} FROM {self.lists} t WHERE t.{self.lists} MATCH %s)", [expression]

    def _expression(self, match: Match) -> tuple[str, bool]:
        """FTS5's query, and whether all that it finds match."""
        if isinstance(match, Occurs):
            needed = [self.schema.indexed[name].needed(match.phrase, match.start) for name in match.fields]
            parts = [" AND ".join(dict.fromkeys(map(self._any, each.postings[:MOST_POSTINGS]))) for each in needed]
            expression = parts[0] if len(parts) == 1 else " OR ".join([f"({part})" for part in parts])
            return expression, all(each.certain for each in needed)
        if isinstance(match, Listings):
            return " OR ".join(map(_quoted, match.postings)), True
        found = [self._expression(part) for part in match.parts]
        joined = (" AND " if isinstance(match, Every) else " OR ").join([f"({part})" for part, _ in found])
        return joined, all(certain for _, certain in found)

    def _any(self, alternatives: Sequence[Listed]) -> str:
        found: list[str] = []
        for one in alternatives:
            words = self._words.get(one.posting) if one.beginning else None
            found += map(_quoted, words) if words else [_quoted(*one)]
        return found[0] if len(found) == 1 else f"({' OR '.join(found)})"

    def _read_words(self, match: Match) -> None:
        """Look up which words have the beginnings that a match asks for, in one statement."""
        new = [one for one in dict.fromkeys(self._beginnings(match)) if one not in self._words][:MOST_BEGINNINGS]
        if not new:
            return
        self._words |= {one: [] for one in new}
        sql = f"SELECT term FROM {self.terms} WHERE term >= %s AND term < %s LIMIT {WORDS + 1}"
        parts = [f"SELECT {number} n, term FROM ({sql})" for number in range(len(new))]
        with self.connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), [end for one in new for end in (one, f"{one}\U0010ffff")])
            for number, term in cursor.fetchall():
                self._words[new[number]].append(term)
        self._words |= {one: [] for one in new if len(self._words[one]) > WORDS}

    def _beginnings(self, match: Match) -> Iterator[str]:
        """Of words and pairs; too many whole values begin alike."""
        if isinstance(match, Listings):
            return
        if not isinstance(match, Occurs):
            for part in match.parts:
                yield from self._beginnings(part)
            return
        for name in match.fields:
            for alternatives in self.schema.indexed[name].needed(match.phrase, match.start).postings:
                yield from (one.posting for one in alternatives if one.beginning and one.posting[0] != "=")


def _quoted(posting: str, beginning: bool = False) -> str:
    text = _DIVIDING.sub(JOINED, posting)
    return f'"{text}" *' if beginning else f'"{text}"'
