"""Pictures of titles: made in all sizes, replaced without a trace, mended by media_doctor."""

from __future__ import annotations

import io
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from PIL import Image

from apps.media import services as media
from apps.media.models import PendingDeletion
from apps.movies import services
from apps.movies.models import Banner, Movie, Person
from tests.factories import make_episode, make_movie, make_user
from utils import pictures, row_files

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_stored(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker, tmp_path_factory) -> tuple[dict[str, Any], Path]:
    """What a title knows of its pictures, and the folder they are in."""
    folder = tmp_path_factory.mktemp("pictures")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=folder), transaction.atomic():
        movie = with_poster(make_movie())
        transaction.set_rollback(True)
    known = {"poster": movie.poster.name, "poster_set": movie.poster_set, "backdrop_set": movie.backdrop_set}
    return known, folder


@pytest.fixture
def movie(made, tmp_path) -> Movie:
    known, folder = made
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return make_movie(**known)


def jpeg(width: int, height: int, color: str = "#804020") -> ContentFile:
    out = io.BytesIO()
    Image.new("RGB", (width, height), color).save(out, "JPEG")
    return ContentFile(out.getvalue(), "x.jpg")


def with_poster(movie: Movie, color: str = "#804020") -> Movie:
    movie.poster.save("p.jpg", jpeg(300, 450, color))
    services.make_pictures(movie_id=movie.pk)
    movie.refresh_from_db()
    return movie


def age_all() -> None:
    """Make every stored file old enough to be held for left behind."""
    for path in Path(settings.MEDIA_ROOT).rglob("*.*"):
        os.utime(path, (1, 1))


def doctor(*arguments: str) -> list[str]:
    said = io.StringIO()
    call_command("media_doctor", *arguments, stdout=said)
    return said.getvalue().splitlines()


def test_pictures_are_made_in_every_width_and_format(movie):
    banner = Banner.objects.create(movie=movie)
    banner.picture.save("b.jpg", jpeg(1600, 900, "#0000ff"))
    services.make_pictures(movie_id=movie.pk)
    banner.refresh_from_db()
    assert movie.poster_set["widths"] == list(pictures.POSTER_WIDTHS)
    assert banner.picture_set["color"].startswith("#0000f")
    for width in pictures.POSTER_WIDTHS:
        for suffix in pictures.FORMATS:
            with default_storage.open(f"{movie.poster_set['base']}-{width}.{suffix}") as file:
                assert Image.open(file).size == (width, width * 3 // 2)
    assert movie.backdrop_set["ratio"] == pytest.approx(16 / 9)
    assert set(row_files.stored()) == row_files.named()


def test_what_is_no_picture_is_refused():
    with pytest.raises(pictures.UnusablePicture):
        pictures.make_set(io.BytesIO(b"<svg/>"), name="x", folder="posters", widths=(10,), ratio=1)


def postscript() -> bytes:
    """A picture that is a program, for Ghostscript."""
    out = io.BytesIO()
    Image.new("L", (600, 900)).save(out, "EPS")
    return out.getvalue()


def test_pictures_that_are_programs_are_never_run():
    with pytest.raises(pictures.UnusablePicture, match="identify"):
        pictures.make_set(io.BytesIO(postscript()), name="x", folder="posters", widths=(10,), ratio=1)


@pytest.mark.parametrize("name", ["a.eps", "a.png"])
def test_the_form_says_which_kinds_it_takes(client, name):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    answer = client.post("/admin/movies/person/add/", {"name": "谢晋", "portrait": ContentFile(postscript(), name)})
    assert answer.status_code == 200
    assert "portrait" in answer.context["adminform"].form.errors
    assert not default_storage.exists(f"people/{name}")


def test_making_pictures_again_makes_nothing_new(movie):
    before = row_files.stored()
    services.make_pictures(movie_id=movie.pk)
    assert row_files.stored() == before


def test_what_was_replaced_goes_once_no_open_page_shows_it(movie):
    old = {movie.poster.name, *pictures.files(movie.poster_set), *pictures.files(movie.backdrop_set)}
    with_poster(movie, "#204080")
    assert old <= set(row_files.stored())  # somebody may have a page open that shows them
    now = timezone.now()
    assert PendingDeletion.objects.count() == len(old) - 1  # what was uploaded is found by itself
    age_all()
    assert media.discard_left(at=now) == 1
    assert media.discard_left(at=now) == 0
    assert media.discard_due(at=now) == 0
    assert media.discard_due(at=now + timedelta(seconds=settings.TOKEN_TTL, hours=1)) == len(old)
    assert set(row_files.stored()) == row_files.named()
    assert not PendingDeletion.objects.exists()


def test_a_picture_that_is_taken_away_takes_its_sizes_along(movie):
    Movie.objects.filter(pk=movie.pk).update(poster="")
    services.make_pictures(movie_id=movie.pk)
    movie.refresh_from_db()
    assert (movie.poster_set, movie.backdrop_set) == ({}, {})


def test_what_may_be_about_to_be_named_stays(movie):
    default_storage.save("posters/arriving.jpg", jpeg(10, 10))
    assert media.discard_left(at=timezone.now()) == 0
    assert doctor() == ["All is well"]


def test_what_a_row_names_again_stays(movie):
    name = default_storage.save("backdrops/again.jpg", jpeg(160, 90))
    age_all()
    assert media.discard_left(at=timezone.now()) == 1
    Movie.objects.filter(pk=movie.pk).update(backdrop=name)
    assert media.discard_left(at=timezone.now()) == 0
    assert not PendingDeletion.objects.exists()


def test_the_doctor_tells_of_pictures_that_nothing_names(movie):
    default_storage.save("posters/left.jpg", jpeg(10, 10))
    default_storage.save("site/by-hand.jpg", jpeg(10, 10))
    age_all()
    what = "public file posters/left.jpg belongs to nothing"
    assert doctor("--dry-run") == [f"{what}: would be deleted in 6 h, when no open page shows it", "1 found"]
    assert not PendingDeletion.objects.exists()
    assert doctor() == [f"{what}: deleted in 6 h, when no open page shows it", "1 found"]
    assert doctor() == ["All is well"]
    PendingDeletion.objects.update(due_at=timezone.now())
    assert doctor() == ["1 replaced files whose addresses have expired: deleted", "1 found"]
    assert not default_storage.exists("posters/left.jpg")
    assert default_storage.exists("site/by-hand.jpg")


def test_missing_sizes_are_made_again(movie, django_capture_on_commit_callbacks, settings):
    lost = pictures.files(movie.poster_set)[0]
    default_storage.delete(lost)
    with django_capture_on_commit_callbacks() as sent:
        assert doctor() == [f"poster of {movie} ({movie.pk}) lacks sizes: made again", "1 found"]
    assert len(sent) == 1
    services.make_pictures(movie_id=movie.pk)
    assert doctor() == ["All is well"]


def test_a_picture_of_which_nothing_is_left_is_taken_away(movie):
    person = Person.objects.create(name="某人", portrait="people/gone.jpg")
    user = make_user(avatar="avatars/gone.jpg")
    for name in [movie.poster.name, *pictures.files(movie.poster_set)]:
        default_storage.delete(name)
    assert doctor() == [
        f"user {user.pk}: its avatar is missing: taken away",
        f"poster of {movie} ({movie.pk}) is missing, and what it was made of: taken away",
        f"portrait of {person} ({person.pk}) is missing, and what it was made of: taken away",
        "3 found",
    ]
    services.make_pictures(movie_id=movie.pk)
    movie.refresh_from_db()
    assert (movie.poster.name, movie.poster_set) == ("", {})
    assert doctor() == ["All is well"]


def test_a_title_with_no_picture_borrows_the_still_of_its_first_film():
    movie = make_movie(kind="series")
    second = make_episode(movie=movie, number=2)
    second.video.thumbnail.save("s.jpg", jpeg(640, 360))
    services.video_ready(video_id=second.video_id)
    movie.refresh_from_db()
    assert movie.backdrop.name == second.video.thumbnail.name
    first = make_episode(movie=movie, number=1)
    first.video.thumbnail.save("t.jpg", jpeg(640, 360))
    services.video_ready(video_id=first.video_id)
    movie.refresh_from_db()
    assert movie.backdrop.name == second.video.thumbnail.name  # what is shown doesn't change without need


def test_a_still_that_is_lent_follows_its_film(django_capture_on_commit_callbacks):
    movie = make_movie()
    episode = make_episode(movie=movie)
    episode.video.thumbnail.save("s.jpg", jpeg(640, 360, "#ff0000"))
    services.video_ready(video_id=episode.video_id)
    services.make_pictures(movie_id=movie.pk)
    episode.video.thumbnail.save("t.jpg", jpeg(640, 360, "#0000ff"))  # encoded again
    services.video_ready(video_id=episode.video_id)
    services.make_pictures(movie_id=movie.pk)
    movie.refresh_from_db()
    assert movie.backdrop.name == episode.video.thumbnail.name
    assert movie.poster_set["color"].startswith("#0000f")
    age_all()
    media.discard_left(at=timezone.now())
    media.discard_due(at=timezone.now() + timedelta(days=1))
    assert set(row_files.stored()) == row_files.named()


def test_a_title_with_a_poster_borrows_no_still():
    movie = make_movie(poster="posters/own.jpg")
    episode = make_episode(movie=movie)
    episode.video.thumbnail.save("s.jpg", jpeg(640, 360))
    services.video_ready(video_id=episode.video_id)
    movie.refresh_from_db()
    assert not movie.backdrop


def test_a_picture_that_came_meanwhile_keeps_its_sizes(movie, monkeypatch):
    opened = Image.open

    def meanwhile(*args, **kwargs):
        Movie.objects.filter(pk=movie.pk).update(poster="posters/newer.jpg")
        return opened(*args, **kwargs)

    before = movie.poster_set
    movie.poster.save("q.jpg", jpeg(300, 450, "#00ff00"))
    monkeypatch.setattr(Image, "open", meanwhile)
    services.make_pictures(movie_id=movie.pk)
    assert Movie.objects.get(pk=movie.pk).poster_set == before
    left = set(row_files.stored()) - row_files.named() - {before["source"], movie.poster.name}
    assert left
    assert left <= set(PendingDeletion.objects.values_list("name", flat=True))
