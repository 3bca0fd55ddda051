"""Backup and restoring of a site whose videos are in FastDFS, which gives restored files other names."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.test_backup import FILL, PLAY, Folder
from tests.fastdfs.conftest import start
from tests.fastdfs.server import FastDFS
from utils.backups.snapshots import finished

__all__ = ["start"]
pytestmark = pytest.mark.slow

VIDEOS = """
import io, os
from datetime import timedelta
from apps.media.models import Rendition, Subtitle, Upload
for rendition in Rendition.objects.all():
    rendition.file = videos().save("a.mp4", ContentFile(os.urandom(1000)))
    rendition.save()
Subtitle.objects.create(video=video, language="zh", label="中文", file=videos().save("a.vtt", ContentFile(b"WEBVTT")))
upload = Upload.objects.create(owner=user, size=9, offset=4, stored=videos().begin(".mov"), expires_at=timezone.now())
with videos().growing(upload.stored) as growing:
    growing.write(b"film")
    growing.sync()
"""
# what the site has, with the content of each file in place of its name
DIGEST = """
import hashlib, json
from django.apps import apps
from apps.media import services as media
from apps.media.models import Rendition, Upload
from apps.users.models import User
from apps.wallet import services as wallet
from utils.signing import sign
from utils.storages import videos
rows = "".join(f"{m._meta.label} {list(m._base_manager.order_by('pk').values_list())}" for m in apps.get_models())
names = sorted(media.needed_files())
for name in names:
    rows = rows.replace(name, hashlib.sha256(videos().open(name).read()).hexdigest())
address = sign(f"/v/{Rendition.objects.first().file}", expires_at=4_000_000_000)
print(json.dumps({"rows": rows, "names": names, "address": address, "upload": Upload.objects.get().stored,
                  "money": str(wallet.balance_of(user=User.objects.get()))}))
"""
KILLED = """
import sys, utils.storages.fastdfs as store
whole = store.FastDFSStore._write
def write(self, name, source, start, end, on_tick):
    if end > 1_000_000:  # the original: begun, and nothing is in it yet
        print("storing", flush=True)
        import time; time.sleep(600)
    whole(self, name, source, start, end, on_tick)
store.FastDFSStore._write = write
sys.argv = ["manage.py", "restore", FOLDER]
import manage; manage.main()
"""


def on_disk(cluster: FastDFS) -> list[str]:
    cluster.settle()
    return sorted(name.replace("data/", "group1/M00/", 1) for name in cluster.storages[0].files())


@pytest.fixture
def cluster(start: Callable[..., FastDFS]) -> FastDFS:
    return start()


def site_on(cluster: FastDFS, folder: Path) -> Folder:
    return Folder(folder, VIDEO_STORAGE_URL=f"fastdfs://{','.join(cluster.addresses)}/group1?timeout=5")


@pytest.fixture
def site(cluster: FastDFS, tmp_path: Path) -> Folder:
    found = site_on(cluster, tmp_path / "site")
    found.script(FILL + VIDEOS)
    cluster.settle()
    for storage in cluster.storages:  # an hour ago: what was changed in this minute is copied twice
        for path in storage.store_paths[0].rglob("*.*"):
            os.utime(path, (path.stat().st_mtime - 3600,) * 2)
    return found


def test_another_cluster_has_the_same_site(site, cluster, start, tmp_path):
    folder = tmp_path / "backups"
    before = json.loads(site.script(DIGEST))
    stored = on_disk(cluster)
    site.run("manage.py", "backup", str(folder))

    fresh = start()
    other = site_on(fresh, tmp_path / "other")
    process = other.start("-c", KILLED.replace("FOLDER", repr(str(folder))))
    assert process.stdout.readline() == "storing\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = set(on_disk(fresh))
    other.run("manage.py", "restore", str(folder))

    after = json.loads(other.script(DIGEST))
    assert after["rows"] == before["rows"]
    assert after["money"] == before["money"] == "12.34"
    assert not set(after["names"]) & set(before["names"])
    assert on_disk(fresh) == after["names"], "what the killed run had begun is deleted"
    assert len(done & set(after["names"])) == len(done) - 1, "and what it had stored is used"
    assert other.script(PLAY.replace("ADDRESS", repr(after["address"]))) == "200 1000\n"
    resumed = f"from utils.storages import videos\nwith videos().growing({after['upload']!r}) as g: g.resume(4)"
    other.script(resumed)
    assert on_disk(cluster) == stored
    assert not list(other.data.glob("restoring*"))


def test_the_same_cluster_keeps_its_files(site, cluster, tmp_path):
    before, stored = json.loads(site.script(DIGEST)), on_disk(cluster)
    site.run("manage.py", "backup", str(tmp_path / "backups"))
    other = site_on(cluster, tmp_path / "other")
    other.run("manage.py", "restore", str(tmp_path / "backups"))
    assert json.loads(other.script(DIGEST)) == before
    assert on_disk(cluster) == stored


def test_unchanged_videos_are_shared_and_changed_ones_copied(site, cluster, tmp_path):
    folder = tmp_path / "backups"
    site.run("manage.py", "backup", str(folder))
    upload = json.loads(site.script(DIGEST))["upload"]
    grow = "with videos().growing(NAME) as g: g.resume(START); g.write(DATA); g.sync()".replace("NAME", repr(upload))
    site.script("from utils.storages import videos\n" + grow.replace("START", "4").replace("DATA", "b'1'"))
    site.run("manage.py", "backup", str(folder))
    # the same length, perhaps within the same second
    site.script("from utils.storages import videos\n" + grow.replace("START", "4").replace("DATA", "b'2'"))
    said = site.run("manage.py", "backup", str(folder))
    assert ", 0.0 MiB of them new or changed." in said  # nothing of the original's 3 MB
    backups = finished(folder)
    assert [(one / "videos" / upload).read_bytes() for one in backups] == [b"film", b"film1", b"film2"]
    (original,) = (path for path in (backups[0] / "videos").rglob("*.mp4") if path.stat().st_size == 3_000_000)
    assert original.stat().st_nlink == 3


def test_without_the_cluster_no_backup_is_made(site, cluster, tmp_path):
    for node in cluster.nodes:
        node.stop()
    said = site.run("manage.py", "backup", str(tmp_path / "backups"), fails=True)
    assert "No tracker helps" in said
    assert said.rstrip().endswith("Nothing was kept.")
    assert finished(tmp_path / "backups") == []


def test_a_site_moves_to_a_disk_and_back(site, start, tmp_path):
    before = json.loads(site.script(DIGEST))
    site.run("manage.py", "backup", str(tmp_path / "backups"))
    disk, back = Folder(tmp_path / "disk"), site_on(start(), tmp_path / "back")
    disk.run("manage.py", "restore", str(tmp_path / "backups"))
    assert json.loads(disk.script(DIGEST)) == before
    disk.run("manage.py", "backup", str(tmp_path / "moving"))
    back.run("manage.py", "restore", str(tmp_path / "moving"))
    assert json.loads(back.script(DIGEST))["rows"] == before["rows"]
