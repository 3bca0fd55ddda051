"""Values that many documents have are listed once, and documents are found by them as by any other."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.search.library import Book, BookIndex, Shared
from utils.fulltext import mariadb, sqlite
from utils.fulltext.postings import Indexed
from utils.fulltext.rebuilding import rebuild


@pytest.fixture
def add(library):
    def inner(*rows):
        made = [Book.objects.create(title=title, author=author, **fields) for title, author, fields in rows]
        library.get_backend().update(BookIndex(), made)
        return made

    return inner


def _titles(found):
    return [one.title for one in found]


def _values(backend):
    tables = backend.generations.tables(backend.generations._stored().generation)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT tokens FROM {tables.values} ORDER BY id")  # noqa: S608 - a name of ours
        return [tokens.split() for (tokens,) in cursor.fetchall()]


def test_a_document_has_nothing_of_a_shared_value_but_its_name():
    read = Indexed("b", Shared()).read("吴京")
    assert read.postings == read.lines.strip() == read.shared.name
    assert read.shared.lines == "\n b吴 b京 "
    assert Indexed("b", Shared()).read("!") == ("", "", None)


def test_a_value_is_stored_once_however_many_documents_have_it(add, library, books):
    first, second, _ = add(("海", "吴京", {}), ("山", "吴京", {}), ("河", "吴越", {}))
    library.get_backend().update(BookIndex(), [first])
    assert sorted(_values(library.get_backend())) == [["b吴", "b京"], ["b吴", "b越"]]
    second.author = "郭帆"
    library.get_backend().update(BookIndex(), [second])
    assert _titles(books.filter(author="吴京")) == ["海"]
    assert _titles(books.filter(author="郭帆")) == ["山"]
    library.get_backend().remove(first)
    assert _titles(books.filter(author="吴京")) == []
    assert _titles(books.filter(author="吴")) == ["河"]


@pytest.mark.parametrize(
    ("lookup", "text", "titles"),
    [
        ("author", "京", ["a", "b"]),
        ("author", "吴京", ["a", "b"]),
        ("author", "京吴", []),
        ("author", "大吴京", ["b"]),
        ("author", "大京吴", []),
        ("author", "tom hanks", ["c"]),
        ("author", "hank", []),
        ("author__startswith", "吴", ["a"]),
        ("author__startswith", "tom han", ["c"]),
        ("author__startswith", "han", []),
        ("author__exact", "吴京", ["a"]),
        ("author__exact", "吴", []),
        ("author__in", ["吴京", "Tom Hanks"], ["a", "c"]),
        ("author__fuzzy", "hanjs", ["c"]),
        ("content", "吴京 流浪地球", ["a", "b"]),
        ("content", "流浪地球 京", ["a", "b"]),
        ("content", "流浪球地 京", []),
        ("content", "hanks 京", []),
    ],
)
def test_shared_values_are_found_by_phrases_beginnings_and_as_a_whole(add, books, lookup, text, titles):
    summary = "讲流浪地球的书"
    add(
        ("a", "吴京", {"summary": summary, "heat": 3}),
        ("b", "大吴京", {"summary": summary, "heat": 2}),
        ("c", "Tom Hanks", {"heat": 1}),
    )
    assert _titles(books.filter(**{lookup: text})) == titles
    assert _titles(books.filter(title__in=["a", "b", "c"]).filter(**{lookup: text})) == titles
    assert _titles(books.exclude(**{lookup: text})) == [one for one in "abc" if one not in titles]


def test_all_that_a_query_asks_of_them_is_one_statement(add, books):
    add(("海", "吴京", {}))
    list(books.filter(content="吴京"))
    with CaptureQueriesContext(connection) as queries:
        assert _titles(books.filter(content="吴京")) == ["海"]
    assert len([query for query in queries if "_values" in query["sql"]]) == 1


@pytest.mark.django_db(transaction=True)
def test_of_a_phrase_that_many_values_have_those_of_the_hottest_documents_are_taken(library_for_rebuilds, monkeypatch):
    for dialect in (sqlite, mariadb):
        monkeypatch.setattr(dialect, "MOST_VALUES", 2)
    backend = library_for_rebuilds.get_backend()
    backend.clear()
    for heat, author in enumerate(["王一", "王二", "王三", "王四"]):
        Book.objects.create(title=f"海{heat}", author=author, heat=heat)
        Book.objects.create(title=f"山{heat}", author=author)
    assert rebuild("library") == 8
    found = _titles(backend.search('author:"王"')["results"])
    assert found[:2] == ["海3", "海2"]
    assert sorted(found) == ["山2", "山3", "海2", "海3"]
    assert _titles(backend.search('author:"王一"')["results"]) == ["海0", "山0"]
