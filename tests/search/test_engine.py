"""The engine behind Haystack: what is found, in which order."""

from __future__ import annotations

import pytest

from tests.search.library import Book, BookIndex


@pytest.fixture
def add(library):
    def inner(*titles, **fields):
        made = [Book.objects.create(title=title, **fields) for title in titles]
        library.get_backend().update(BookIndex(), made)
        return made[0]

    return inner


def _titles(found):
    return [one.title for one in found]


def test_exact_titles_stand_before_beginnings_parts_aliases_people_and_summaries(add, books):
    add("归途", summary="大海的故事", heat=9)
    add("船长", author="海明威", heat=8)
    add("潮汐", aliases=["深海"], heat=7)
    add("深海回声", heat=6)
    add("海岸线", heat=5)
    add("海", heat=4)
    assert _titles(books.filter(content="海")) == ["海", "海岸线", "深海回声", "潮汐", "船长", "归途"]


def test_hotter_documents_come_first_within_a_step(add, books):
    for heat in (3, 9, 5):
        add(f"海{heat}", heat=heat)
    assert _titles(books.filter(content="海")) == ["海9", "海5", "海3"]
    book = Book.objects.get(title="海3")
    book.heat = 20
    book.save()
    books.query.backend.update(BookIndex(), [book])
    assert _titles(books.filter(content="海")) == ["海3", "海9", "海5"]
    assert _titles(books) == ["海3", "海9", "海5"]
