"""The tables of one generation of an index: documents, and the lists of postings that a dialect keeps.

Document ids are 32 bits. `rank` is MOST_HEAT minus the heat, so that ascending order is falling heat.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from utils.fulltext.matching import Every, Listings, Match, Occurs, length
from utils.fulltext.schema import Column, Row, Schema
from utils.fulltext.values import AT_ONCE, SharedValues

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Condition: TypeAlias = tuple[str, list[Any]]


class Kept(NamedTuple):
    """A document as it stands in the tables."""

    id: int
    rank: int
    pk: str
    digest: int
    tokens: str


@dataclass(frozen=True)
class Source:
    """Documents in order of heat: a FROM clause, the expressions of id and order, and conditions."""

    tables: str
    id: str
    order: str
    where: tuple[Condition, ...] = ()
    params: tuple[Any, ...] = ()  # of the FROM clause
    checks: tuple[Condition, ...] = ()  # on the documents' alias d: they are joined then


class Tables(SharedValues, ABC):
    """One generation; its statements run on `connection`."""

    join: str  # of two tables, read in this order
    caseless = "{}"  # around what LIKE compares

    def __init__(self, connection: BaseDatabaseWrapper, name: str, schema: Schema) -> None:
        super().__init__()
        self.connection, self.name, self.schema = connection, name, schema
        self.docs, self.values, self.forms = name, f"{name}_values", f"{name}_forms"

    @property
    def analyzed(self) -> str:
        """What ANALYZE takes."""
        return self.docs

    # --- what differs by database ------------------------------------------------------------

    @abstractmethod
    def column_type(self, column: Column) -> str:
        """The SQL type of a column."""

    @abstractmethod
    def statements(self) -> list[str]:
        """What creates the tables."""

    @abstractmethod
    def text_tables(self) -> list[str]:
        """Names of the dialect's own tables."""

    @abstractmethod
    def add_postings(self, cursor: Any, rows: Sequence[tuple[int, Row]]) -> None:
        """List documents under their postings."""

    @abstractmethod
    def remove_postings(self, cursor: Any, kept: Sequence[Kept]) -> None:
        """Take documents from the lists; called before they are deleted."""

    @abstractmethod
    def found_source(self, match: Match, most: int | None) -> Source:
        """`text_source` of a match without shared fields."""

    @abstractmethod
    def found_condition(self, match: Match) -> Condition:
        """`text_condition` of a match without shared fields."""

    @abstractmethod
    def listed_source(self, posting: str) -> Source:
        """Documents in one list, in order of heat."""

    @abstractmethod
    def listed_condition(self, postings: Sequence[str]) -> Condition:
        """A condition on d: in one of the lists."""

    @abstractmethod
    def vocabulary(self, cursor: Any, field: str, beginning: str, limit: int) -> dict[str, int]:
        """Tokens of a field with this beginning, and in how many documents they are."""

    def check(self, match: Match) -> Condition:
        """A condition on d that compares tokens, for what postings alone don't tell."""
        if isinstance(match, Listings):
            names = [f" {posting} " for posting in match.postings]
            return " OR ".join(["INSTR(d.tokens, %s) > 0"] * len(names)), names
        if isinstance(match, Occurs):
            parts = [self.schema.indexed[name].needed(match.phrase, match.start).part for name in match.fields]
            return " OR ".join(["INSTR(d.tokens, %s) > 0"] * len(parts)), parts
        # what is short is met most often: the others need not be compared then
        inner = [self.check(part) for part in sorted(match.parts, key=length)]
        joined = (" AND " if isinstance(match, Every) else " OR ").join([f"({sql})" for sql, _ in inner])
        return joined, [value for _, values in inner for value in values]

    # --- tables ------------------------------------------------------------------------------

    def create(self) -> None:
        """Create the tables, empty. Outside of a transaction on MariaDB, which commits before each statement."""
        self.drop()
        with self.connection.cursor() as cursor:
            for statement in self.statements():
                cursor.execute(statement)

    def drop(self) -> None:
        """Drop what there is of this generation."""
        with self.connection.cursor() as cursor:
            for name in (*self.text_tables(), self.docs):
                cursor.execute(f"DROP TABLE IF EXISTS {name}")

    # --- writing -----------------------------------------------------------------------------

    def find(self, cursor: Any, model: str, pks: Sequence[str]) -> list[Kept]:
        """The documents with these primary keys."""
        marks = ", ".join(["%s"] * len(pks))
        cursor.execute(
            f"SELECT id, rnk, pk, digest, tokens FROM {self.docs} WHERE model = %s AND pk IN ({marks}) ORDER BY id",
            [model, *pks],
        )
        return [Kept(*row) for row in cursor.fetchall()]

    def remove(self, cursor: Any, kept: Sequence[Kept]) -> None:
        """Delete documents and take them from the lists."""
        if not kept:
            return
        self.remove_postings(cursor, kept)
        cursor.executemany(f"DELETE FROM {self.docs} WHERE id = %s", [(one.id,) for one in kept])

    def add(self, cursor: Any, rows: Sequence[tuple[int | None, Row]]) -> None:
        """Insert documents: under their ids, or under new ones where the id is None."""
        numbered = [(number, row) for number, row in rows if number is not None]
        if numbered:  # before the others, which may be given an id that was just removed
            self._insert_numbered(cursor, numbered)
        for row in (row for number, row in rows if number is None):
            cursor.execute(self._insert(with_id=False), self._stored(row))
            numbered.append((cursor.lastrowid, row))
        numbered.sort(key=lambda one: (one[1].rank, one[0]))
        self.insert_new_values(cursor, numbered)
        self.add_postings(cursor, numbered)

    def load(self, cursor: Any, rows: Sequence[tuple[int, Row]]) -> None:
        """Insert documents into tables that nobody reads: they may be listed later, but not after `settle`."""
        self._insert_numbered(cursor, rows)
        self.keep_values(rows)
        self.add_postings(cursor, rows)

    def clear(self, cursor: Any, model: str) -> Iterator[list[str]]:
        """Delete all documents of a model; yields their primary keys, some at a time."""
        while True:
            cursor.execute(
                f"SELECT id, rnk, pk, digest, tokens FROM {self.docs} WHERE model = %s LIMIT {AT_ONCE}", [model]
            )
            kept = [Kept(*row) for row in cursor.fetchall()]
            if not kept:
                return
            self.remove(cursor, kept)
            yield [one.pk for one in kept]

    def models(self) -> list[str]:
        """Names of the models with documents."""
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT DISTINCT model FROM {self.docs} ORDER BY model")
            return [name for (name,) in cursor.fetchall()]

    def digests(self, model: str) -> dict[str, int]:
        """Of each document of a model, by primary key."""
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT pk, digest FROM {self.docs} WHERE model = %s", [model])
            return dict(cursor.fetchall())

    def settle(self) -> None:
        """After loading: what makes reading faster."""
        with self.connection.cursor() as cursor:
            self.insert_kept_values(cursor)
            cursor.execute(f"ANALYZE {self.analyzed}")

    def size(self) -> int:
        """Number of documents; 0 also where the tables are missing."""
        with self.connection.cursor() as cursor:
            if self.docs not in self.connection.introspection.table_names(cursor):
                return 0
            cursor.execute(f"SELECT COUNT(*) FROM {self.docs}")
            return int(cursor.fetchone()[0])

    # --- reading -----------------------------------------------------------------------------

    def text_source(self, match: Match, most: int | None = None) -> Source | None:
        """Documents that match, in order of heat; with `most` the first so many are enough. None for none."""
        found = self.resolved(match)
        return None if found is None else self.found_source(found, most)

    def text_condition(self, match: Match) -> Condition:
        """A condition on the documents' alias d."""
        found = self.resolved(match)
        return ("1 = 0", []) if found is None else self.found_condition(found)

    def browse(self) -> Source:
        """Every document."""
        return Source(f"{self.docs} d", "d.id", "d.rnk, d.id")

    def whole_source(self, name: str, value: Any) -> Source | None:
        """Documents with this whole value in a field; None where there can't be any."""
        postings = self.whole_postings(name, [value])
        return self.found_source(Listings(tuple(postings), 1), None) if postings else None

    def whole_condition(self, name: str, values: Iterable[Any]) -> Condition:
        """A condition on d: a field has one of the whole values."""
        postings = self.whole_postings(name, values)
        return self.listed_condition(postings) if postings else ("1 = 0", [])

    def ids(
        self, source: Source, where: Sequence[Condition], *, limit: int, offset: int = 0, order: str = ""
    ) -> list[int]:
        """Ids of a source's documents that meet the conditions, in order of heat unless `order` names columns of d."""
        sql, params = self.select(source, source.id, where, joined=bool(order))
        with self.connection.cursor() as cursor:
            cursor.execute(f"{sql} ORDER BY {order or source.order} LIMIT {limit:d} OFFSET {offset:d}", params)
            return [row[0] for row in cursor.fetchall()]

    def first(self, sources: Sequence[tuple[Source, Sequence[Condition]]], *, limit: int) -> list[tuple[int, int]]:
        """The first ids of several sources with their conditions: (number of the source, id), in one statement."""
        parts, params = [], []
        for number, (source, where) in enumerate(sources):
            sql, values = self.select(source, f"{number:d} s, {source.order.split(',')[0]} o, {source.id} i", where)
            parts.append(f"SELECT * FROM ({sql} ORDER BY {source.order} LIMIT {limit:d}) s{number}")
            params += values
        with self.connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), params)
            return [(number, one) for number, _, one in sorted(cursor.fetchall())]

    def count(self, source: Source, where: Sequence[Condition], *, limit: int) -> int:
        """Their number, `limit` at most."""
        sql, params = self.select(source, "1", where)
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM ({sql} LIMIT {limit:d}) found", params)
            return int(cursor.fetchone()[0])

    def documents(self, ids: Sequence[int], names: Iterable[str]) -> dict[int, dict[str, Any]]:
        """Model, key and the named fields of documents, by id."""
        if not ids:
            return {}
        columns = [one for name in names if (one := self.schema.columns.get(name))]
        chosen = "".join(f", {one.sql}" for one in columns)
        marks = ", ".join(["%s"] * len(ids))
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT id, model, pk, rnk{chosen} FROM {self.docs} WHERE id IN ({marks})", list(ids))
            return {
                row[0]: {"model": row[1], "pk": row[2], "rank": row[3]}
                | {one.name: one.python(value) for one, value in zip(columns, row[4:], strict=True)}
                for row in cursor.fetchall()
            }

    def select(
        self, source: Source, what: str, where: Sequence[Condition], *, joined: bool = False
    ) -> tuple[str, list[Any]]:
        """A SELECT of a source's documents that meet the conditions; `joined`: with the documents' columns."""
        tables = source.tables
        conditions = [*source.where, *source.checks, *where]
        if (source.checks or where or joined) and not tables.endswith(" d"):
            tables += f" {self.join} {self.docs} d ON d.id = {source.id}"
        sql = f"SELECT {what} FROM {tables}"
        if conditions:
            sql += " WHERE " + " AND ".join([f"({text})" for text, _ in conditions])
        return sql, [*source.params, *(value for _, values in conditions for value in values)]

    def _columns(self) -> str:
        return "".join(f", {one.sql}" for one in self.schema.columns.values())

    def _insert(self, *, with_id: bool) -> str:
        marks = ", ".join(["%s"] * (len(self.schema.columns) + 5 + with_id))
        first = "id, " if with_id else ""
        return f"INSERT INTO {self.docs} ({first}rnk, model, pk, digest{self._columns()}, tokens) VALUES ({marks})"

    def _insert_numbered(self, cursor: Any, rows: Sequence[tuple[int, Row]]) -> None:
        cursor.executemany(self._insert(with_id=True), [[number, *self._stored(row)] for number, row in rows])

    def _stored(self, row: Row) -> list[Any]:
        return [row.rank, row.model, row.pk, row.digest, *row.values, row.tokens]
