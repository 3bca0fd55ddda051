from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from haystack import connections
from haystack.query import SearchQuerySet
from haystack.utils.loading import UnifiedIndex

from tests.search.library import CONNECTION, Book, BookIndex, Note, NoteIndex
from utils.fulltext.models import Index


def connected(name: str, **options: Any) -> Any:
    """A Haystack connection over the library's indexes."""
    connections.connections_info[name] = CONNECTION | options
    engine = connections.reload(name)
    engine.options = connections.connections_info[name]
    engine._index = UnifiedIndex()
    engine._index.build(indexes=[BookIndex(), NoteIndex()])
    return engine


@pytest.fixture
def _library(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Tables of books and their index, made before the test's transaction, which a new table would end on MariaDB."""
    with django_db_blocker.unblock():
        if Book._meta.db_table not in connection.introspection.table_names():
            with connection.schema_editor() as editor:
                editor.create_model(Book)
                editor.create_model(Note)
        connected("library").get_backend().generations.prepare()  # a flush empties the row that names the tables
    yield
    connections.connections_info.pop("library", None)


@pytest.fixture
def library(_library: None, db: None) -> Any:
    """The library's engine, with an empty index."""
    return connected("library")


@pytest.fixture
def library_for_rebuilds(_library: None, transactional_db: None) -> Iterator[Any]:
    """The same for tests whose transactions end: books and documents are deleted afterwards."""
    yield connected("library")
    if connection.vendor != "sqlite":  # there the whole database is put back
        Book.objects.all().delete()
        Note.objects.all().delete()
        Index.objects.filter(connection="library").delete()
        with connection.cursor() as cursor:
            for name in connection.introspection.table_names(cursor):
                if name.startswith("search_library_g"):
                    cursor.execute(f"DROP TABLE {name}")


@pytest.fixture
def books(library: Any) -> SearchQuerySet:
    return SearchQuerySet(using="library")
