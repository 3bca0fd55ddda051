"""Backup and restoring of a whole site: the same rows, files and keys, whatever happens in between."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import mariadb
from tests.conftest import ROOT
from tests.environment import SOCKET
from tests.migrated import mariadb_files, put_sqlite
from tests.small_disk import alone, small_disk
from utils.backups.snapshots import finished

pytestmark = pytest.mark.slow

FILL = """
from decimal import Decimal
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from apps.media.models import Storyboard, Video
from apps.movies.models import Movie
from apps.wallet import services as wallet
from apps.wallet.models import Entry
from tests.factories import make_episode, make_sale, make_user
from utils.storages import private, videos
user = make_user(username="阿明")
user.avatar = default_storage.save("avatars/me.jpg", ContentFile(b"picture"))
user.save()
movie = make_episode().movie
for video in Video.objects.all():
    stored = videos().save("ab/cd/original.mp4", ContentFile(b"1" * 3_000_000))
    Video.objects.filter(pk=video.pk).update(original=stored)
    Storyboard.objects.update(files=[videos().save("ab/cd/board.jpg", ContentFile(b"board"))])
wallet.move(user=user, amount=Decimal("12.34"), kind=Entry.Kind.values[0], reference="r", at=timezone.now())
"""
DIGEST = """
import hashlib, json, time
from django.apps import apps
from django.test import Client
from apps.media.models import Rendition
from apps.wallet import services as wallet
from apps.users.models import User
from utils.signing import sign
rows = {m._meta.label: hashlib.sha256(repr(list(m._base_manager.order_by("pk").values_list())).encode()).hexdigest()
        for m in apps.get_models()}
address = sign(f"/v/{Rendition.objects.first().file}", expires_at=4_000_000_000)
print(json.dumps({"rows": rows, "address": address, "money": str(wallet.balance_of(user=User.objects.get()))}))
"""
PLAY = """
from django.test import Client
answer = Client(SERVER_NAME="127.0.0.1").get(ADDRESS)
print(answer.status_code, len(b"".join(answer.streaming_content)))
"""


class Folder:
    """A site in a folder of its own."""

    def __init__(self, data: Path, database: str = "", **env: str) -> None:
        self.data = data
        if not database:
            put_sqlite(data / "db.sqlite3")
        self.env = {
            **os.environ, "DATA_DIR": str(data), "DATABASE_URL": database, "REDIS_URL": f"unix://{SOCKET}", "DEMO": "0",
            "DJANGO_SETTINGS_MODULE": "streamsite.settings", **env,
        }  # fmt: skip

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=self.env, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str, fails: bool = False) -> str:
        process = self.start(*arguments)
        out, errors = process.communicate()
        assert bool(process.returncode) == fails, out + errors
        return errors if fails else out

    def script(self, text: str) -> str:
        return self.run("-c", f"import django; django.setup()\n{text}")


@pytest.fixture
def site(tmp_path) -> Folder:
    found = Folder(tmp_path / "site")
    found.script(FILL)
    return found


@pytest.fixture(params=["sqlite", "mariadb"])
def pair(request, tmp_path) -> Iterator[tuple[Folder, Folder]]:
    """A site with content and an empty one."""
    if request.param == "sqlite":
        yield Folder(tmp_path / "one"), Folder(tmp_path / "other")
        return
    with mariadb.running(tmp_path, files=mariadb_files()) as address:
        # what a password may hold: an option file and a URL have their own quoting
        login = address.replace("root@", "site:p%40s%22s%5C%23%27@")
        sql = (
            "CREATE DATABASE other COLLATE utf8mb4_bin; CREATE USER site@'%' IDENTIFIED BY 'p@s\"s\\\\#''';"
            " GRANT ALL ON *.* TO site@'%'"
        )
        port = address.rsplit(":", 1)[1]
        subprocess.run(
            [mariadb.program("mariadb"), "--no-defaults", "--protocol=tcp", "-h127.0.0.1", f"-P{port}", "-uroot", "-e",
             sql], check=True,
        )  # fmt: skip
        yield (
            Folder(tmp_path / "one", f"{login}/{mariadb.DATABASE}"),
            Folder(tmp_path / "other", f"{login}/other"),
        )


def test_a_restored_site_has_the_same_rows_money_and_playable_films(pair, tmp_path):
    one, other = pair
    one.script(FILL)
    before = json.loads(one.script(DIGEST))
    assert before["money"] == "12.34"
    one.run("manage.py", "backup", str(tmp_path / "backups"))
    said = other.run("manage.py", "restore", str(tmp_path / "backups"))
    assert "is restored" in said
    assert json.loads(other.script(DIGEST)) == before  # the address too: the keys are the same
    assert other.script(PLAY.replace("ADDRESS", repr(before["address"]))) == "200 1000\n"
    for kind in ("videos", "pictures"):
        files = [path.relative_to(one.data) for path in (one.data / kind).rglob("*") if path.is_file()]
        assert files
        assert [(other.data / name).read_bytes() for name in files] == [
            (one.data / name).read_bytes() for name in files
        ]
    assert "isn't empty" in other.run("manage.py", "restore", str(tmp_path / "backups"), fails=True)
    assert list(tmp_path.rglob(".login.cnf")) == []


def test_unchanged_files_are_shared_and_old_backups_removed(site, tmp_path):
    folder = tmp_path / "backups"
    for keep in ("0", "0", "2"):
        said = site.run("manage.py", "backup", str(folder), "--keep", keep)
    first, second = finished(folder)
    assert ", 0.0 MiB of them new or changed." in said
    for name in ("videos/ab/cd/original.mp4", "pictures/avatars/me.jpg"):
        assert (first / name).stat().st_ino == (second / name).stat().st_ino
    assert (first / "keys.json").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o077 == 0
    (site.data / "pictures/avatars/me.jpg").write_bytes(b"other picture")
    site.run("manage.py", "backup", str(folder))
    third = finished(folder)[-1]
    assert (third / "pictures/avatars/me.jpg").read_bytes() == b"other picture"
    assert (second / "pictures/avatars/me.jpg").read_bytes() == b"picture"


def test_a_killed_backup_is_none_and_two_do_not_run_at_once(site, tmp_path):
    folder = tmp_path / "backups"
    picture = site.data / "pictures/avatars/me.jpg"
    picture.unlink()
    os.mkfifo(picture)  # reading it hangs: the backup is in the middle
    process = site.start("manage.py", "backup", str(folder))
    until = time.monotonic() + 60
    while not list(folder.glob(".partial-*/pictures")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)
    assert "Another backup" in site.run("manage.py", "backup", str(folder), fails=True)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert finished(folder) == []
    empty = Folder(tmp_path / "empty")
    assert "holds no whole backup" in empty.run("manage.py", "restore", str(folder), fails=True)
    picture.unlink()
    picture.write_bytes(b"picture")
    site.run("manage.py", "backup", str(folder))
    assert len(finished(folder)) == 1
    assert list(folder.glob(".partial-*")) == []


def test_a_full_disk_keeps_the_backups_of_before(site, tmp_path, request):
    if not alone(request.node):
        return
    folder = tmp_path / "disk"
    folder.mkdir()
    size = sum(path.stat().st_size for path in site.data.rglob("*") if path.is_file())
    with small_disk(folder, size + 2_000_000) as disk:
        site.run("manage.py", "backup", str(disk.place))
        whole = finished(disk.place)
        big = site.data / "videos/ab/cd/original.mp4"
        big.write_bytes(b"2" * (size + 2_000_000))
        assert "No space left on device. Nothing was kept." in site.run(
            "manage.py", "backup", str(disk.place), fails=True
        )
        assert finished(disk.place) == whole
        assert list(disk.place.glob(".partial-*")) == []


def test_a_damaged_backup_and_another_key_are_refused(site, tmp_path):
    folder = tmp_path / "backups"
    site.run("manage.py", "backup", str(folder))
    empty = Folder(tmp_path / "empty")
    keyed = Folder(tmp_path / "keyed", SECRET_KEY="k" * 60)
    assert "SECRET_KEY differs" in keyed.run("manage.py", "restore", str(folder), fails=True)
    (whole,) = finished(folder)
    picture = whole / "pictures/avatars/me.jpg"
    picture.write_bytes(b"PICTURE")
    assert "is missing or damaged" in empty.run("manage.py", "restore", str(folder), fails=True)
    assert not (empty.data / "pictures/avatars").exists()
    picture.write_bytes(b"picture")
    (empty.data / "videos").mkdir()
    (empty.data / "videos/other.mp4").write_bytes(b"x")
    assert "other.mp4 isn't in the backup" in empty.run("manage.py", "restore", str(folder), fails=True)


def test_a_restore_that_was_killed_can_be_repeated(site, tmp_path):
    folder = tmp_path / "backups"
    site.run("manage.py", "backup", str(folder))
    empty = Folder(tmp_path / "empty")
    wait = "import utils.backups.dumps as d, time; d._copy = lambda *a: (print('loading', flush=True), time.sleep(600))"
    process = empty.start(
        "-c", f"{wait}\nimport sys; sys.argv = ['manage.py', 'restore', {str(folder)!r}]; import manage; manage.main()"
    )
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert (empty.data / "restoring").exists()
    empty.run("manage.py", "restore", str(folder))
    assert json.loads(empty.script(DIGEST)) == json.loads(site.script(DIGEST))
    assert not (empty.data / "restoring").exists()


def test_a_file_that_is_gone_is_told_and_keeps_nothing_from_being_backed_up(site, tmp_path):
    shutil.rmtree(site.data / "pictures" / "avatars")
    process = site.start("manage.py", "backup", str(tmp_path / "backups"))
    _, errors = process.communicate()
    assert process.returncode == 0
    assert "missing: pictures/avatars/me.jpg" in errors
