"""Building an index anew beside the one that answers, and keeping it like the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.utils import OperationalError, ProgrammingError
from haystack import connections
from haystack.constants import DEFAULT_ALIAS
from haystack.utils import get_model_ct

from utils.fulltext.backend import FullTextBackend
from utils.fulltext.generations import is_missing
from utils.fulltext.tables import Tables
from utils.fulltext.writing import load, replace, write

BATCH = 1000  # documents


class NotThisEngine(Exception):
    """The connection uses another engine, which has no generations."""


@dataclass
class Difference:
    """What an index and the catalogue disagree about, as primary keys of one model."""

    model: str
    missing: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)  # indexed, but not in the catalogue

    def pks(self) -> list[str]:
        """All of them."""
        return [*self.missing, *self.stale, *self.left]


def rebuild(connection: str = DEFAULT_ALIAS) -> int | None:
    """Build the index anew and let it answer; returns the number of documents, None if another rebuild came after.

    Readers use the old tables until then. What is written meanwhile is noted and written again before the switch.
    A rebuild that dies leaves tables that nobody reads; the next one drops them.
    """
    backend = engine(connection)
    built = backend.generations.begin()
    try:
        number = _load(backend, built, connection)
    except (OperationalError, ProgrammingError) as error:
        if not is_missing(error):
            raise
        return None  # the other rebuild dropped these tables

    def replay(tables: Tables, touched: Sequence[tuple[str, str]]) -> None:
        for model, pks in _by_model(touched).items():
            index = _index_of(connection, model)
            found = index.index_queryset(using=connection).filter(pk__in=pks) if index else ()
            rows = backend.prepared(index, found)
            replace(tables, model, rows, sorted(set(pks) - {row.pk for row in rows}))

    return number if backend.generations.switch(built, replay) else None


def _load(backend: FullTextBackend, built: Tables, connection: str) -> int:
    number = 0
    for index in _indexes(connection):
        for objects in _batches(index, connection):
            rows = backend.prepared(index, objects)
            with transaction.atomic(using=backend.database):
                load(built, rows, number + 1)
            number += len(rows)
    backend.schema.forget()
    built.settle()
    return number


def refresh(model: type[Any], pks: Sequence[Any], connection: str = DEFAULT_ALIAS) -> None:
    """Write what the catalogue has now of these objects, and remove what it hasn't: twice or late does no harm.

    Objects are read under the index's lock, so that of two at once the later one has the newer state.
    Raises DatabaseError, whatever SILENTLY_FAIL says.
    """
    backend = engine(connection)
    index = connections[connection].get_unified_index().get_index(model)
    for begin in range(0, len(pks), BATCH):
        some = [str(pk) for pk in pks[begin : begin + BATCH]]
        with backend.generations.writing() as writer:
            rows = backend.prepared(index, index.index_queryset(using=connection).filter(pk__in=some))
            write(writer, get_model_ct(model), rows, sorted(set(some) - {row.pk for row in rows}))


def compare(connection: str = DEFAULT_ALIAS) -> Iterator[Difference]:
    """What the index lacks, has in an older state, or has too much, by model. Raises Outdated."""
    backend = engine(connection)
    known = set(backend.generations.reading(lambda tables: tables.models()))
    for index in _indexes(connection):
        model = get_model_ct(index.get_model())
        known.discard(model)
        difference = Difference(model)
        digests = _digests(backend, model)
        for objects in _batches(index, connection):
            for row in backend.prepared(index, objects):
                digest = digests.pop(row.pk, None)
                if digest is None:
                    difference.missing.append(row.pk)
                elif digest != row.digest:
                    difference.stale.append(row.pk)
        difference.left = list(digests)
        yield difference
    for model in sorted(known):
        yield Difference(model, left=list(_digests(backend, model)))


def mend(difference: Difference, connection: str = DEFAULT_ALIAS) -> None:
    """Bring the index to the catalogue's state where they disagree."""
    backend = engine(connection)
    index = _index_of(connection, difference.model)
    if index is not None:
        refresh(index.get_model(), difference.pks(), connection)
        return
    with backend.generations.writing() as writer:
        write(writer, difference.model, [], difference.left)


def engine(connection: str) -> FullTextBackend:
    """The connection's backend. Raises NotThisEngine."""
    backend = connections[connection].get_backend()
    if not isinstance(backend, FullTextBackend):
        raise NotThisEngine(connection)
    return backend


def _digests(backend: FullTextBackend, model: str) -> dict[str, int]:
    return backend.generations.reading(lambda tables: tables.digests(model))


def _indexes(connection: str) -> list[Any]:
    indexes = connections[connection].get_unified_index().get_indexes().values()
    return sorted(indexes, key=lambda index: get_model_ct(index.get_model()))


def _index_of(connection: str, model: str) -> Any:
    found = (index for index in _indexes(connection) if get_model_ct(index.get_model()) == model)
    return next(found, None)


def _batches(index: Any, connection: str) -> Iterator[QuerySet[Any]]:
    """All objects of an index, some at a time: by their keys, since an offset gets slower and slower."""
    queryset = index.index_queryset(using=connection).order_by()
    pks = sorted(queryset.values_list("pk", flat=True))
    for begin in range(0, len(pks), BATCH):
        yield queryset.filter(pk__in=pks[begin : begin + BATCH])


def _by_model(documents: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for model, pk in documents:
        found.setdefault(model, []).append(pk)
    return found
