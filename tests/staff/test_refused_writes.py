"""What only the database refuses, because another wrote between check and write or a trigger says no."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import connection
from django.db.models.signals import pre_save
from django.urls import reverse

from apps.movies.models import Genre
from tests.factories import make_user
from tests.pageforms import errors_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time: nothing gets between")
def test_what_another_writes_between_check_and_write_is_found(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    came = []

    def other(sender: object, instance: Genre, **_: object) -> None:
        if came:
            return
        came.append(1)

        def write() -> None:
            Genre.objects.bulk_create([Genre(name="科幻", name_en="first")])
            connection.close()

        thread = Thread(target=write)
        thread.start()
        thread.join()

    pre_save.connect(other, sender=Genre)
    try:
        answer = client.post(reverse("admin:movies_genre_add"), {"name": "科幻", "name_en": "Typed"})
    finally:
        pre_save.disconnect(other, sender=Genre)
    assert answer.status_code == 200
    assert "name" in errors_of(answer)
    assert 'value="Typed"' in answer.content.decode()
    assert Genre.objects.count() == 1


def test_what_only_the_database_refuses_keeps_what_was_typed(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    refuse = {
        "sqlite": "CREATE TRIGGER refuse BEFORE INSERT ON movies_genre BEGIN SELECT RAISE(ABORT, 'no'); END",
        "mysql": "CREATE TRIGGER refuse BEFORE INSERT ON movies_genre FOR EACH ROW "
        "SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1062, MESSAGE_TEXT = 'no'",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(refuse)
    try:
        answer = client.post(reverse("admin:movies_genre_add"), {"name": "科幻", "name_en": "Typed"})
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refuse")
    assert answer.status_code == 200
    assert 'value="Typed"' in answer.content.decode()
    assert errors_of(answer)["__all__"]
