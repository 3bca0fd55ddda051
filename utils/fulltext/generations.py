"""Which tables answer, which are being built, and how one set takes the place of the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, router, transaction
from django.db.utils import OperationalError, ProgrammingError
from django.utils import timezone

from utils.fulltext.mariadb import MariaDBTables
from utils.fulltext.models import Index, Touched
from utils.fulltext.schema import Schema
from utils.fulltext.sqlite import SQLiteTables
from utils.fulltext.tables import Tables

T = TypeVar("T")
TABLES: dict[str, type[Tables]] = {"sqlite": SQLiteTables, "mysql": MariaDBTables}
REMEMBERED = 1.0  # seconds that a process keeps the number of the generation; a dropped one is noticed at once


class Outdated(Exception):
    """The index was made for other fields or analyzers: `manage.py rebuild_index` makes it anew."""


class Generations:
    """The generations of one connection's index in a database."""

    def __init__(self, *, database: str, connection: str, schema: Schema) -> None:
        self.database, self.connection, self.schema = database, connection, schema
        self._known: tuple[float, Index] | None = None

    def tables(self, generation: int, *, alias: str = "") -> Tables:
        """The tables of one generation, whether they exist or not; in the database `alias`, else where to write."""
        django_connection = connections[alias or self.database]
        kind = TABLES[django_connection.vendor]
        return kind(django_connection, f"search_{self.connection}_g{generation}", self.schema)

    def prepare(self) -> None:
        """Make the first generation if there is none, or the next if an outdated one is empty. After migrations."""
        index = self._stored()
        if index is not None and (index.shape == self.schema.shape or self.tables(index.generation).size()):
            return
        generation = index.generation + 1 if index else 1
        self.tables(generation).create()
        Index.objects.using(self.database).update_or_create(
            connection=self.connection, defaults={"generation": generation, "shape": self.schema.shape}
        )
        if index is not None:
            self.tables(index.generation).drop()
        self._known = None

    def reading(self, read: Callable[[Tables], T]) -> T:
        """`read` from the tables that answer; once again if they were replaced meanwhile. Raises Outdated."""
        try:
            return read(self._current())
        except (OperationalError, ProgrammingError) as error:
            if not is_missing(error):
                raise
        self._known = None
        return read(self._current())

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """A transaction in which nothing else writes to this index."""
        with transaction.atomic(using=self.database):
            index = Index.objects.using(self.database).select_for_update().filter(connection=self.connection).first()
            current = index is not None and index.shape == self.schema.shape
            yield Writer(self.tables(index.generation) if index is not None and current else None, index)

    def begin(self) -> Tables:
        """Create the tables of a new generation, and forget those of a rebuild that died."""
        with transaction.atomic(using=self.database):
            index = Index.objects.using(self.database).select_for_update().get(connection=self.connection)
            left, index.building = index.building, max(index.generation, index.building or 0) + 1
            index.save(update_fields=["building"])
            Touched.objects.using(self.database).filter(index=index).delete()
        if left:
            self.tables(left).drop()
        built = self.tables(index.building)
        built.create()
        return built

    def switch(self, built: Tables, replay: Callable[[Tables, Sequence[tuple[str, str]]], None]) -> bool:
        """Let `built` answer from now on, after `replay` wrote what changed meanwhile; False if another rebuild
        took its place."""
        while True:
            with transaction.atomic(using=self.database):
                index = Index.objects.using(self.database).select_for_update().get(connection=self.connection)
                if index.building is None or self.tables(index.building).name != built.name:
                    return False
                touched = list(index.touched.using(self.database).order_by("pk")[:REPLAYED])
                replay(built, list(dict.fromkeys((one.model, one.key) for one in touched)))
                Touched.objects.using(self.database).filter(pk__in=[one.pk for one in touched]).delete()
                if len(touched) < REPLAYED:
                    left, index.generation, index.building = index.generation, index.building, None
                    index.shape, index.built_at = self.schema.shape, timezone.now()
                    index.save()
                    break
        self._known = None
        self.tables(left).drop()
        return True

    def _current(self) -> Tables:
        now = time.monotonic()
        if self._known is None or now - self._known[0] > REMEMBERED:
            self._known = (now, self._checked(self._stored()))
        replicated = self.database == DEFAULT_DB_ALIAS
        return self.tables(self._known[1].generation, alias=router.db_for_read(Index) if replicated else "")

    def _checked(self, index: Index | None) -> Index:
        if index is None or index.shape != self.schema.shape:
            raise Outdated(f"The search index {self.connection!r} is outdated. Run manage.py rebuild_index.")
        return index

    def _stored(self) -> Index | None:
        return Index.objects.using(self.database).filter(connection=self.connection).first()


REPLAYED = 500  # documents written again in one transaction


class Writer:
    """The tables to write to, in a transaction that holds the index's lock.

    An outdated index has none: its rebuild reads the whole catalogue, and writes again what `touch` notes.
    """

    def __init__(self, tables: Tables | None, index: Index | None) -> None:
        self.tables, self._index = tables, index

    def models(self) -> list[str]:
        """Names of the models with documents."""
        return self.tables.models() if self.tables is not None else []

    def clear(self, model: str) -> None:
        """Delete all documents of a model."""
        if self.tables is None:
            return
        with self.tables.connection.cursor() as cursor:
            for pks in self.tables.clear(cursor, model):
                self.touch(model, pks)

    def touch(self, model: str, pks: Sequence[str]) -> None:
        """Note that these documents changed, for a rebuild that may be under way."""
        if self._index is not None and self._index.building is not None:
            Touched.objects.using(self._index._state.db).bulk_create(
                [Touched(index=self._index, model=model, key=pk) for pk in pks]
            )


def is_missing(error: Exception) -> bool:
    """Whether a table doesn't exist: SQLite's text, MariaDB's error 1146 and 1932."""
    return "no such table" in str(error) or error.args[:1] in ((1146,), (1932,))
