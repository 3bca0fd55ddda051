"""Rebuilding the index beside the one that answers, and keeping it like the catalogue."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from tests.search.conftest import connected
from tests.search.library import Book, BookIndex
from utils.fulltext.models import Index, Touched
from utils.fulltext.rebuilding import compare, mend, rebuild, refresh
from utils.fulltext.syntax import term

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def engine(library_for_rebuilds):
    backend = library_for_rebuilds.get_backend()
    backend.clear()
    return backend


def _found(backend, text):
    return [one.title for one in backend.search(term("content", "content", text))["results"]]


def _tables():
    return {name for name in connection.introspection.table_names() if name.startswith("search_library_g")}


def test_a_rebuild_indexes_everything_and_leaves_one_generation(engine):
    for number in range(5):
        Book.objects.create(title=f"海{number}", heat=number)
    before = _tables()
    assert rebuild("library") == 5
    assert _found(engine, "海") == ["海4", "海3", "海2", "海1", "海0"]
    assert not before & _tables()
    assert len({name.split("_")[2] for name in _tables()}) == 1


def test_the_old_index_answers_until_the_switch_and_changes_meanwhile_are_kept(engine, monkeypatch):
    _, changed, gone = (Book.objects.create(title=title) for title in ("旧书", "旧名", "旧物"))
    rebuild("library")
    real = type(engine).prepared
    seen = []

    def meanwhile(self, index, objects):
        rows = real(self, index, objects)
        if isinstance(index, BookIndex) and not seen:
            seen.append(_found(engine, "旧"))
            Book.objects.filter(pk=changed.pk).update(title="新名")
            Book.objects.create(title="新书")
            Book.objects.filter(pk=gone.pk).delete()
            refresh(
                Book, [changed.pk, gone.pk, *Book.objects.filter(title="新书").values_list("pk", flat=True)], "library"
            )
            seen.append(_found(engine, "新"))
        return rows

    monkeypatch.setattr(type(engine), "prepared", meanwhile)
    rebuild("library")
    assert sorted(seen[0]) == ["旧书", "旧名", "旧物"]
    assert sorted(seen[1]) == ["新书", "新名"], "changes show at once, too"
    assert sorted(_found(engine, "新")) == ["新书", "新名"]
    assert _found(engine, "旧") == ["旧书"]
    assert not Touched.objects.exists()


def test_a_rebuild_that_died_is_cleaned_up_by_the_next(engine, monkeypatch):
    Book.objects.create(title="海")
    rebuild("library")

    def dies(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(engine), "prepared", dies)
        with pytest.raises(KeyboardInterrupt):
            rebuild("library")
    assert len({name.split("_")[2] for name in _tables()}) == 2
    assert _found(engine, "海") == ["海"]
    rebuild("library")
    assert len({name.split("_")[2] for name in _tables()}) == 1
    assert Index.objects.get(connection="library").building is None


def test_of_two_rebuilds_at_once_the_later_one_answers(engine, monkeypatch):
    Book.objects.create(title="海")
    real, inner = type(engine).prepared, []

    def overtaken(self, index, objects):
        rows = real(self, index, objects)
        if not inner:
            inner.append(None)
            inner[0] = rebuild("library")
        return rows

    monkeypatch.setattr(type(engine), "prepared", overtaken)
    assert rebuild("library") is None
    assert inner == [1]
    assert _found(engine, "海") == ["海"]
    assert len({name.split("_")[2] for name in _tables()}) == 1


def test_a_reader_that_knows_only_the_dropped_tables_finds_the_new_ones(engine):
    Book.objects.create(title="海")
    rebuild("library")
    other = connected("library").get_backend()  # takes the place of `engine` in this thread
    assert _found(other, "海") == ["海"]
    known = other.generations._known[1]
    rebuild("library")
    other.generations._known = (float("inf"), known)  # as if it had looked a moment ago
    assert _found(other, "海") == ["海"]


def test_compare_tells_what_differs_and_mend_repairs_it(engine):
    missing, stale, left = (Book.objects.create(title=title) for title in ("缺", "旧", "余"))
    engine.update(BookIndex(), [stale, left])
    Book.objects.filter(pk=stale.pk).update(title="新")
    Book.objects.filter(pk=left.pk).delete()
    found = next(one for one in compare("library") if one.model == "fulltext.book")
    assert (found.missing, found.stale, found.left) == ([str(missing.pk)], [str(stale.pk)], [str(left.pk)])
    mend(found, "library")
    assert not next(one for one in compare("library") if one.model == "fulltext.book").pks()
    assert _found(engine, "新") == ["新"]
    assert _found(engine, "余") == []


def test_the_command_rebuilds(engine, capsys):
    Book.objects.create(title="海")
    call_command("rebuild_index", using=["library"])
    assert capsys.readouterr().out == "1 documents\n"
    assert _found(engine, "海") == ["海"]
