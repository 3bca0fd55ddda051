"""What the site keeps is for its own user, unless its group is to read it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "deploy" / "embedded"))

import modes

NODE = ("--node", "unix:/run/site.sock")
WRITES = """
import django, pathlib, sys; django.setup()
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from django.conf import settings
default_storage.save("a/b.jpg", ContentFile(b"x"))
storages["private"].save("c/d.pdf", ContentFile(b"x"))
(settings.DATA_DIR / "plain").write_text("x")
"""


def _modes(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): f"{p.stat().st_mode & 0o777:03o}" for p in (folder, *folder.rglob("*"))}


@pytest.mark.parametrize(
    ("group_reads", "mask", "file", "made"),
    [("0", 0, "600", "700"), ("1", 0, "640", "750"), ("1", 0o077, "640", "700"), ("", 0o022, "600", "700")],
)
def test_each_process_makes_files_that_others_cant_read(tmp_path, group_reads, mask, file, made):
    env = {**os.environ, "DATA_DIR": str(tmp_path / "data"), "DATA_GROUP_READS": group_reads}
    subprocess.run([sys.executable, "-c", WRITES], cwd=ROOT, env=env, umask=mask, check=True, timeout=60)
    found = _modes(tmp_path / "data")
    assert found.pop("secret_key") == "600"
    assert found.pop("plain") == ("600" if mask == 0o077 else file)
    assert {path: mode for path, mode in found.items() if "." in path[1:]} == {
        "pictures/a/b.jpg": file,
        "private/c/d.pdf": file,
    }
    assert {found[path] for path in (".", "pictures", "pictures/a", "private", "private/c")} == {made}


def test_data_of_before_is_closed(tmp_path):
    data, outside = tmp_path / "data", tmp_path / "outside"
    for folder in (data / "cashier", data / "work" / "1", data / "videos" / "ab", outside):
        folder.mkdir(parents=True)
    for path in (data / "db.sqlite3", data / "cashier" / "app_private.pem", data / "videos" / "ab" / "x.m4s"):
        path.touch()
    (data / "private").symlink_to(outside)
    for path in (data, *data.rglob("*"), outside):
        path.chmod(0o777 if path.is_dir() else 0o666)
    (data / "videos").chmod(0o700)
    assert modes.close(data) == []
    assert _modes(data) == {
        ".": "700", "db.sqlite3": "600", "cashier": "700", "cashier/app_private.pem": "600", "videos": "700",
        "videos/ab": "777", "videos/ab/x.m4s": "666",  # out of reach: a start doesn't look at every film
        "work": "700", "work/1": "700", "private": "777",
    }  # fmt: skip
    assert outside.stat().st_mode & 0o777 == 0o777


def test_a_folder_that_holds_more_than_the_site_is_left_to_its_owner(tmp_path):
    for name in ("db.sqlite3", "letter.txt"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    tmp_path.chmod(0o1777)
    assert modes.close(tmp_path) == []
    assert _modes(tmp_path) == {".": "777", "db.sqlite3": "600", "letter.txt": "644"}


def test_a_stored_picture_is_closed():
    name = default_storage.save("modes.jpg", ContentFile(b"x"))
    assert Path(default_storage.path(name)).stat().st_mode & 0o777 == 0o600


def test_the_configuration_of_nginx_is_written_for_its_owner(tmp_path, capsys):
    file, link = tmp_path / "site.conf", tmp_path / "enabled.conf"
    file.write_text("before")
    file.chmod(0o644)
    link.symlink_to(file)
    call_command("nginx_config", *NODE, "--output", str(link))
    assert capsys.readouterr().out == ""
    assert "secure_link_md5" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert link.is_symlink()
    call_command("nginx_config", *NODE)
    assert capsys.readouterr().out.strip() == file.read_text().strip()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["enabled.conf", "site.conf"]
    with pytest.raises(CommandError, match="can't be written: No such file"):
        call_command("nginx_config", *NODE, "--output", str(tmp_path / "missing" / "site.conf"))
