"""Make the archives beside this file: a small site as the code of commit 1c6467d left it on each database.

    git worktree add --detach OLD 1c6467d && cd OLD
    PYTHONPATH=. python <this file> <folder of the archives>
    STREAMSITE_TEST_DATABASE=mariadb PYTHONPATH=. python <this file> <folder of the archives>

It runs on that commit only, with its names. An archive holds the database (`db.sqlite3`, or `db.sql` of mariadb-dump),
the video storage and the pictures.
"""

# mypy: ignore-errors
# ruff: noqa: ICN003  as that commit imported
from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from tests import environment, mariadb

os.environ["DJANGO_SETTINGS_MODULE"] = "streamsite.settings"


def clip(path: Path, seconds: int, picture: str) -> Path:
    """A tiny film with sound."""
    from imageio_ffmpeg import get_ffmpeg_exe

    subprocess.run(
        [
            *(
                get_ffmpeg_exe(),
                "-v",
                "error",
                "-f",
                "lavfi",
                "-i",
                f"{picture}=size=160x90:rate=10:duration={seconds}",
            ),
            *("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}", "-c:v", "libx264", "-preset", "veryfast"),
            *("-crf", "34", "-g", "40", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "32k", str(path)),
        ],
        check=True,
    )
    return path


def fill(folder: Path) -> None:
    """A member who bought things, a title that is ready, one that waits, and a file that is half there."""
    from apps.media.services.uploads import create_upload, receive
    from django.utils import timezone

    from apps.community.services import post_comment
    from apps.media.services import add_video, process, set_preview
    from apps.movies.models import Access, Episode
    from apps.orders import services as orders
    from apps.playback.services import authorize, heartbeat
    from apps.playback.services.progress import Beat
    from tests.factories import make_movie, make_plan, make_sale, make_user

    viewer = make_user(username="lin", email="lin@example.com")
    curator = make_user(username="curator", email="curator@example.com", is_staff=True, is_superuser=True)
    make_sale(user=viewer, item=make_plan(name="终身卡", price=Decimal("88.00"), days=36500))
    make_sale(user=viewer, amount="50.00")

    video = add_video(path=clip(folder / "film.mp4", 12, "testsrc2"), original_name="山.mp4", preview_seconds=6)
    process(video_id=video.pk)
    video.refresh_from_db()
    set_preview(video=video, seconds=3)  # what it replaces is deleted later
    film = make_movie(title="山", access=Access.VIP)
    episode = Episode.objects.create(movie=film, number=1, video=video)
    sold = make_movie(title="河", access=Access.PAID)
    sold.refresh_from_db()
    Episode.objects.create(movie=sold, number=1, video=video)
    order = orders.place_order(user=viewer, item=sold, at=timezone.now())
    orders.pay_from_wallet(order=order, user=viewer, at=timezone.now())

    at = timezone.now()
    grant = authorize(viewer=viewer, episode=episode, at=at)
    beat = Beat(position=7.5, duration=12.0, playing=True)
    heartbeat(viewer=viewer, viewer_key="lin", episode=episode, grant=grant, beat=beat, at=at)
    post_comment(user=viewer, movie=film, text="画得真好")

    waiting = clip(folder / "waiting.mp4", 5, "smptebars")
    add_video(path=waiting, original_name="雨.mp4")
    data = waiting.read_bytes()
    upload = create_upload(owner=curator, size=len(data), filename="半.mp4")
    pieces = iter([data[:1000]])
    receive(upload=upload, offset=0, length=1000, read=lambda _: next(pieces, b""))


def dumped() -> Iterator[tuple[Path, str]]:
    """The files of the archive, and their names in it."""
    from django.conf import settings
    from django.db import connection

    data = Path(settings.DATA_DIR)
    if connection.vendor == "sqlite":
        connection.cursor().execute("VACUUM INTO %s", [str(data / "copy.sqlite3")])
        yield data / "copy.sqlite3", "db.sqlite3"
    else:
        address = urlsplit(os.environ["DATABASE_URL"])
        command = [mariadb.program("mariadb-dump"), "--no-defaults", "--host=127.0.0.1", f"--port={address.port}"]
        with (data / "db.sql").open("wb") as file:
            subprocess.run([*command, "--user=root", address.path[1:]], check=True, stdout=file)
        yield data / "db.sql", "db.sql"
    for name in ("videos", "pictures"):
        yield data / name, name


def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def main(target: Path) -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    settings.CELERY_TASK_ALWAYS_EAGER = False
    if connection.vendor != "sqlite":
        mariadb.create_database(os.environ["DATABASE_URL"].rpartition("/")[0], "streamsite")
    call_command("migrate", verbosity=0)
    (folder := Path(settings.DATA_DIR) / "made").mkdir()
    fill(folder)
    kind = "sqlite" if connection.vendor == "sqlite" else "mariadb"
    with tarfile.open(target / f"site-{kind}.tar.xz", "w:xz") as archive:
        for path, name in dumped():
            archive.add(path, name, filter=anonymous)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    finally:
        environment.pytest_unconfigure()
