"""Course material: for the viewers of its course, and never a page of the site."""

from __future__ import annotations

import importlib
import os
import shutil
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from apps.media import services as media
from apps.movies.models import Access, Material, Movie, Status
from apps.playback.views.files import DOWNLOADED
from apps.users.models import Membership
from tests.factories import make_episode, make_member, make_movie, make_user
from utils.signing import sign
from utils.storages import private

pytestmark = pytest.mark.django_db
PAGE = b"<!doctype html><script>fetch('/admin/')</script>"


@pytest.fixture(autouse=True)
def _nothing_left():
    """No row of the tests that follow names these files."""
    yield
    shutil.rmtree(private().path("materials"), ignore_errors=True)


def _material(name: str = "notes.html", **fields: object) -> Material:
    episode = make_episode(movie=make_movie(kind="course", **fields))
    row = Material(movie=episode.movie, title="讲义")
    row.file.save(name, ContentFile(PAGE))
    return row


def _address(row: Material) -> str:
    return reverse("playback:material", args=[row.pk])


@pytest.mark.parametrize("name", ["notes.html", "a.svg", "x.zzz", "讲义 1.pdf", "a.jpg", "a.mp4", "a.vtt", "a.xhtml"])
def test_it_is_a_download_whatever_its_type(client, name):
    row = _material(name, access=Access.VIP)
    client.force_login(make_member())
    answer = client.get(client.get(_address(row)).url)
    assert b"".join(answer.streaming_content) == PAGE
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == "attachment"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == DOWNLOADED["Content-Security-Policy"]
    assert answer["Content-Security-Policy"].endswith("sandbox")
    assert answer["Cache-Control"] == "private, no-store"


def test_it_lies_where_no_public_address_leads():
    row = _material()
    assert not default_storage.exists(row.file.name)
    assert Path(default_storage.path("")).resolve() not in Path(row.file.path).resolve().parents
    assert not row.file.storage.url(row.file.name).startswith("/media/")


@pytest.mark.parametrize(
    ("access", "who", "reason"),
    [
        (Access.VIP, None, "VIP"),
        (Access.VIP, "user", "VIP"),
        (Access.PAID, None, "Buy this course"),
        (Access.PAID, "member", "Buy this course"),
    ],
)
def test_others_are_told_why_and_what_to_do(client, access, who, reason):
    row = _material(access=access)
    if who:
        client.force_login(make_member() if who == "member" else make_user())
    client.cookies["django_language"] = "en"
    refused = client.get(_address(row))
    assert (refused.status_code, reason in refused.content.decode()) == (403, True)
    page = client.get(reverse("playback:watch", args=[row.movie_id, 1])).content.decode()
    assert "讲义" in page
    assert _address(row) not in page.split('id="material"')[1].split("</ul>")[0]
    assert row.file.name not in page
    shop = reverse("orders:vip") if access == Access.VIP else reverse("orders:title", args=[row.movie_id])
    mine = page.split('id="material"')[1].split("</section>")[0]
    for text in (refused.content.decode().split("<main")[1].split("</main>")[0], mine):
        assert shop in text
        assert ("/user/login/?next=" in text) == (who is None)


def test_the_free_and_the_entitled_get_it(client):
    free, vip, paid = _material(), _material(access=Access.VIP), _material(access=Access.PAID)
    assert client.get(_address(free)).status_code == 302
    member = make_member()
    client.force_login(member)
    assert client.get(_address(vip)).status_code == 302
    page = client.get(reverse("playback:watch", args=[vip.movie_id, 1])).content.decode()
    assert _address(vip) in page
    Membership.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert client.get(_address(vip)).status_code == 403
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert client.get(_address(paid)).status_code == 302


@pytest.mark.parametrize("change", [{"status": Status.DRAFT}, {"deleted_at": timezone.now()}, {"kind": "film"}])
def test_it_leaves_the_shelf_with_its_course(client, change):
    row = _material()
    Movie.objects.filter(pk=row.movie_id).update(**change)
    assert client.get(_address(row)).status_code == 404


def test_its_address_is_signed_and_short_lived(client):
    row = _material()
    address, query = row.file.storage.url(row.file.name).split("?")
    assert client.get(address).status_code == 403
    assert client.get(f"{address}?{query}x").status_code == 403
    assert client.get(sign(address, expires_at=int(timezone.now().timestamp()) - 1)).status_code == 410
    assert int(query.split("ts=")[1]) - timezone.now().timestamp() <= 300
    assert client.get(sign("/v/materials/../../db.sqlite3", expires_at=2**40)).status_code in {403, 404}


def test_what_was_public_moves_and_a_move_that_died_is_completed():
    migration = importlib.import_module("apps.movies.migrations.0005_private_material")
    names = ["materials/old.html", "materials/deep/讲义.pdf", "materials/nobody.svg"]
    for name in names:
        default_storage.save(name, ContentFile(PAGE))
    half = Path(private().path(f"{names[0]}.part"))
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_bytes(b"half")
    for _ in range(2):
        migration.hide(None, None)
        assert not any(default_storage.exists(name) for name in names)
        assert [private().open(name).read() for name in names] == [PAGE] * 3
    assert not half.exists()
    migration.show(None, None)
    assert default_storage.exists(names[1])


@pytest.mark.parametrize("right", ["change_movie", "view_movie"])
def test_the_link_in_the_administration_never_dies(client, right):
    """It was a signed address, dead five minutes after the page was opened."""
    row, staff = _material(), make_user(is_staff=True)
    material = "view_material" if right == "view_movie" else "change_material"
    staff.user_permissions.set(Permission.objects.filter(codename__in=[right, "view_movie", material]))
    client.force_login(staff)
    page = client.get(reverse("admin:movies_movie_change", args=[row.movie_id])).content.decode()
    assert _address(row) in page
    assert "?st=" not in page
    assert client.get(_address(row)).status_code == 302


def test_what_was_replaced_or_belongs_to_nothing_goes(client):
    """The doctor reports it, and deletes it once no signed address of it can be used any more."""
    row = _material("replaced.html")
    old = row.file.name
    row.file.save("replaced.html", ContentFile(b"new"))
    gone = _material("gone.pdf")
    left = gone.file.name
    gone.delete()
    now = timezone.now()
    assert media.discard_left(at=now) == 0  # it may be about to be named
    for name in (old, left, row.file.name):
        os.utime(private().path(name), (0, 0))
    said = StringIO()
    call_command("media_doctor", "--dry-run", stdout=said)
    assert f"private file {old} belongs to nothing" in said.getvalue()
    assert media.discard_left(at=now) == 2
    assert media.discard_left(at=now) == 0
    media.discard_due(at=now)
    assert private().exists(old)  # an address that was given a moment ago still works
    media.discard_due(at=now + timedelta(seconds=settings.TOKEN_TTL, hours=1))
    assert not private().exists(old)
    assert not private().exists(left)
    assert private().exists(row.file.name)


@pytest.mark.parametrize("anew", [False, True])
def test_the_doctor_tells_of_material_that_is_lost(anew, settings):
    if anew:
        settings.STORAGES = {**settings.STORAGES}  # the fields keep the storages that they began with
    row = _material()
    private().delete(row.file.name)
    said = StringIO()
    call_command("media_doctor", "--dry-run", stdout=said)
    assert f"material {row.pk}: its file is missing" in said.getvalue()
