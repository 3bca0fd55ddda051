"""The lists of postings find what a reading of the texts would find, and nothing else."""

from __future__ import annotations

import random

import pytest

from tests.search.library import Book, BookIndex
from utils.fulltext import mariadb, sqlite
from utils.fulltext.analysis import Phrase, tokens
from utils.fulltext.postings import Indexed
from utils.fulltext.rebuilding import rebuild

LETTERS = ["海", "流", "浪", "sea", "se", "2", "한국"]


class Typed:
    """An analyzer of words that are typed letter by letter."""

    version = "1"
    typed = True

    def index(self, text):
        return text.split()

    def query(self, text):
        return [[Phrase(tuple(text.split()), prefix=True)]]


def test_a_document_is_listed_by_tokens_pairs_whole_values_and_first_letters():
    read = Indexed("a", Typed()).read("sea of 流 浪")
    assert read.lines == "\n asea aof a流 a浪 "
    assert read.postings.split() == [
        *("asea", "aof", "a流", "a浪"),
        *("~asea~of", "~aof~流", "~a流浪"),
        "=asea~of~流~浪",
        *("<ase", "<aof"),
    ]


def test_what_is_removed_is_what_was_added(library):
    schema = library.get_backend().schema
    book = Book(pk=1, title="Sea of 流浪", genres=["Sci-Fi", "海"], aliases=["海", "se"], summary="海 " * 30)
    row = schema.row(BookIndex().full_prepare(book))
    assert sorted(schema.postings(row.tokens).split()) == sorted(row.postings.split())


@pytest.fixture
def shelf(library):
    chance = random.Random(3)
    texts = ["".join(chance.choices([*LETTERS, " "], k=chance.randint(1, 7))) for _ in range(80)]
    texts = [text for text in texts if tokens(text)]
    made = [Book.objects.create(title=text, aliases=[text, "海流"], summary=text[::-1]) for text in texts]
    library.get_backend().update(BookIndex(), made)
    return made


def _holds(value, phrase, *, start, whole=False):
    """Whether a text has the phrase, read word by word."""
    words = tokens(value)
    places = range(1 if start else len(words) - len(phrase) + 1)
    return any(words[at : at + len(phrase)] == phrase for at in places) and (not whole or len(words) == len(phrase))


def test_phrases_beginnings_and_whole_values_are_those_of_the_texts(shelf, books):
    chance = random.Random(4)
    for _ in range(60):
        book = chance.choice(shelf)
        words = tokens(book.title)
        size = chance.randint(1, len(words))
        at = chance.randint(0, len(words) - size)
        phrase = words[at : at + size]
        if chance.random() < 0.4:
            chance.shuffle(phrase)
        if len(tokens("".join(phrase))) != size:
            continue  # two words that would be one
        text = "".join(phrase)
        for lookup, start, whole in (("title", False, False), ("title__exact", True, True)):
            wanted = {one.title for one in shelf if _holds(one.title, phrase, start=start, whole=whole)}
            assert {one.title for one in books.filter(**{lookup: text})} == wanted, (lookup, text)
        begun = {one.title for one in books.filter(title__startswith=text)}
        letters = phrase[-1].isascii()
        assert begun == {
            one.title
            for one in shelf
            if (found := tokens(one.title)[:size])[:-1] == phrase[:-1]
            and len(found) == size
            and (found[-1].startswith(phrase[-1]) if letters else found[-1] == phrase[-1])
        }, text


@pytest.mark.django_db(transaction=True)
def test_a_rebuild_lists_documents_some_at_a_time(library_for_rebuilds, monkeypatch):
    monkeypatch.setattr(sqlite, "LISTED", 2)
    monkeypatch.setattr(mariadb, "TOGETHER", 2)
    monkeypatch.setattr(mariadb, "ROWS", 3)
    backend = library_for_rebuilds.get_backend()
    backend.clear()
    for number in range(7):
        Book.objects.create(title=f"海{number}", heat=number % 3)
    assert rebuild("library") == 7
    found = [one.title for one in backend.search('title:"海"')["results"]]
    assert found == ["海2", "海5", "海1", "海4", "海0", "海3", "海6"]
    backend.update(BookIndex(), [Book.objects.create(title="海7", heat=9)])
    backend.remove(Book.objects.get(title="海5"))
    assert [one.title for one in backend.search('title:"海"')["results"]][:3] == ["海7", "海2", "海1"]
