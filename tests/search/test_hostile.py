"""Queries made to be slow: their work by the size of the catalogue. It is counted, as times depend on the machine."""

from __future__ import annotations

import itertools
import string

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from haystack import connections

from apps.movies.models import Category, Movie, Status
from apps.search import services
from tests.factories import make_movie
from utils.fulltext.rebuilding import refresh

HOSTILE = {
    "a frequent character again and again": "的" * 60,
    "a frequent character as words": "的 " * 30,
    "single letters": " ".join(string.ascii_lowercase),
    "letters of nonsense": "".join(itertools.islice(itertools.cycle("zhuangxqlng"), 60)),
    "syntax": '"的" AND (title:* OR NEAR(的 的)) NOT -d* ^',
    "beginnings": "d de d* de* " * 5,
}
CAPPED, FEW, MANY = 60, 120, 480  # results that are read and counted; titles
STATEMENTS = 176  # of one query: a number of its own for each way to read it, not for titles
SLACK = 2000  # steps or rows

pytestmark = pytest.mark.django_db


def _publish(number: int) -> None:
    """So many titles that all have the character and the letters."""
    now = timezone.now()
    category, _ = Category.objects.get_or_create(slug="c", defaults={"name": "c"})
    made = Movie.objects.bulk_create(
        [
            Movie(
                title=f"大的{chr(0x4E00 + n % 50)} de d",
                category=category,
                status=Status.PUBLISHED,
                published_at=now,
                plays=n,
            )
            for n in range(number)
        ]
    )
    refresh(Movie, [one.pk for one in made])


def _work(text: str) -> tuple[int, int]:
    """Statements of a search, and the steps of SQLite's machine or the rows that MariaDB read for it."""
    done = 0

    def count() -> int:
        nonlocal done
        done += 1
        return 0

    def rows() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
            return sum(int(value) for _, value in cursor.fetchall())

    sqlite = connection.vendor == "sqlite"
    before = 0 if sqlite else rows()
    if sqlite:
        connection.connection.set_progress_handler(count, 1)
    try:
        with CaptureQueriesContext(connection) as asked:
            services.match(text=text, most=60)
    finally:
        if sqlite:
            connection.connection.set_progress_handler(None, 0)
    return len(asked), done if sqlite else rows() - before


def test_hostile_queries_do_bounded_work(monkeypatch):
    monkeypatch.setattr(connections["default"].get_backend(), "counted", CAPPED)
    monkeypatch.setattr("apps.search.services.slips.CANDIDATES", CAPPED)
    _publish(FEW)
    few = {name: _work(text) for name, text in HOSTILE.items()}
    _publish(MANY - FEW)
    many = {name: _work(text) for name, text in HOSTILE.items()}
    # SQLite: room for the parts in which FTS5 keeps what was added later. MariaDB reads all titles that have the word
    # that it begins with, of single letters nearly all titles.
    growth = 2 if connection.vendor == "sqlite" else MANY / FEW
    for name, (statements, work) in many.items():
        assert statements <= STATEMENTS, name
        assert work <= growth * few[name][1] + SLACK, (name, work, few[name])


@pytest.mark.parametrize("text", ["的 龘", "龘 的"])
def test_a_rare_word_is_looked_for_before_a_frequent_one(text):
    _publish(MANY)
    refresh(Movie, [make_movie(title="龘之的").pk])
    alone, together = (_work(one)[1] for one in ("龘", text))
    assert len(services.match(text=text).ids) == 1
    assert together <= alone + MANY, (alone, together)
