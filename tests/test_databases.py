"""The same text and the same day mean the same on every database: this runs on SQLite and on MariaDB."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import TruncDate, TruncMonth

from apps.community.models import Comment
from apps.movies.models import Genre, Person
from apps.users.models import User
from streamsite.checks import check_database
from tests.factories import make_movie, make_user
from utils.time_zones import fixed_offset

pytestmark = pytest.mark.django_db

APART = [("李𠮷", "李𡃁"), ("🎬", "🎉"), ("café", "cafe"), ("ア", "あ"), ("å", "a")]


@pytest.mark.parametrize(("one", "other"), APART)
def test_names_that_differ_are_told_apart(one, other):
    first, second = make_user(username=one), make_user(username=other)
    assert User.objects.get(username=one) == first
    assert User.objects.get(username=other) == second
    for model in (Genre, Person):
        field = {"slug": f"s-{len(one)}"} if any(f.name == "slug" for f in model._meta.fields) else {}
        model.objects.create(name=one, **field)
        assert model.objects.filter(name=other).count() == 0


def test_a_name_is_there_once():
    make_user(username="李𠮷")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="李𠮷", email="other@example.com")


def test_a_search_takes_either_case_and_no_other_picture():
    make_user(username="a", nickname="Lin 🎬 Café_1%")
    for found in ("lin", "🎬", "CAF", "Café", "_1%"):
        assert User.objects.filter(nickname__icontains=found).exists(), found
    for missing in ("🎉", "cafe", "x1", "lin_"):
        assert not User.objects.filter(nickname__icontains=missing).exists(), missing
    assert User.objects.filter(nickname__istartswith="LIN").exists()


def test_lists_are_parted_by_exact_text():
    for name in ("🎬", "🎉", "🎬"):
        make_user(nickname=name)
    assert set(User.objects.values_list("nickname", flat=True).distinct()) == {"🎬", "🎉"}


def test_days_are_those_of_the_site():
    late = datetime(2025, 12, 31, 16, 30, tzinfo=UTC)  # half past midnight in Shanghai
    user = make_user(username="new-year", date_joined=late)
    assert User.objects.filter(pk=user.pk, date_joined__date="2026-01-01", date_joined__year=2026).exists()
    row = User.objects.annotate(day=TruncDate("date_joined"), month=TruncMonth("date_joined")).get(pk=user.pk)
    assert str(row.day) == "2026-01-01"
    assert (row.month.month, row.month.day) == (1, 1)


def test_a_zone_that_stands_still_goes_by_its_distance():
    assert fixed_offset("Asia/Shanghai") == "+08:00"
    assert fixed_offset("Asia/Kolkata") == "+05:30"
    assert fixed_offset("America/Caracas") == ""  # moved in 2007 and 2016
    assert fixed_offset("Europe/Berlin") == ""
    assert fixed_offset("no zone") == ""


def test_four_bytes_are_kept_whole():
    movie = make_movie(title="𠮷野家 🎬")
    comment = Comment.objects.create(user=make_user(), movie=movie, text="𡃁👨‍👩‍👧‍👦")
    comment.refresh_from_db()
    movie.refresh_from_db()
    assert (movie.title, comment.text) == ("𠮷野家 🎬", "𡃁👨‍👩‍👧‍👦")


def test_the_database_passes_its_own_check():
    call_command("check", databases=["default"], fail_level="WARNING")


@pytest.mark.skipif("connection.vendor != 'mysql'", reason="SQLite has one way to compare")
def test_tables_of_before_are_told_of_and_converted():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE of_before (name varchar(9) UNIQUE) ENGINE=MyISAM COLLATE utf8mb4_general_ci")
        try:
            assert connection.inexact_tables() == ["of_before"]  # type: ignore[attr-defined]
            assert [found.id for found in check_database(databases=["default"])] == ["streamsite.W022"]
            emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
            cursor.execute("INSERT INTO of_before VALUES ('李𠮷'), ('李𡃁')")
            assert connection.inexact_tables() == []  # type: ignore[attr-defined]
        finally:
            cursor.execute("DROP TABLE of_before")


@pytest.mark.skipif("connection.vendor != 'mysql'", reason="SQLite has its zones from Python")
@pytest.mark.parametrize(("zone", "found"), [("Asia/Shanghai", []), ("Europe/Berlin", ["streamsite.E020"])])
def test_a_zone_the_server_would_have_to_know_is_told_of(settings, zone, found):
    settings.TIME_ZONE = zone
    assert [message.id for message in check_database(databases=["default"])] == found
