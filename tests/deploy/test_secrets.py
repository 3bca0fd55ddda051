"""Secrets in files: read where settings are, reported where they are missing, and not inherited."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from streamsite.env import SECRETS, database, env
from tests.conftest import ROOT


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_every_secret_may_stand_in_a_file(name, tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("one,two\n")
    monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    assert env.str(name) == "one,two"
    assert env.list(name) == ["one", "two"]
    assert name not in os.environ


def test_others_may_not(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("x")
    monkeypatch.setenv("SITE_NAME_FILE", str(tmp_path / "secret"))
    assert env.str("SITE_NAME", default="none") == "none"


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file or directory"), (b"", "is empty"), (b" \n", "is empty"), (b"\xff\xfe", "not a text file")],
)
def test_a_file_without_a_secret_is_an_error_and_no_default(content, said, tmp_path, monkeypatch):
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_URL_FILE", str(file))
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL_FILE") as raised:
        database(tmp_path / "db.sqlite3")
    assert said in str(raised.value)


def test_a_setting_given_twice_is_an_error_that_shows_no_secret(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("hidden-one")
    monkeypatch.setenv("SECRET_KEY", "hidden-two")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))
    with pytest.raises(ImproperlyConfigured, match="both set") as raised:
        env.str("SECRET_KEY")
    assert "hidden" not in str(raised.value)
    monkeypatch.setenv("SECRET_KEY", "")  # an empty one is none
    assert env.str("SECRET_KEY") == "hidden-one"


def test_nothing_starts_without_the_file_and_no_other_key_is_made(tmp_path):
    clean = {name: value for name, value in os.environ.items() if name not in SECRETS}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, capture_output=True, text=True,
        env={**clean, "DATA_DIR": str(tmp_path), "SECRET_KEY_FILE": "/nowhere/key"},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "Invalid setting: SECRET_KEY_FILE='/nowhere/key' can't be read: No such file or directory."
    )
    assert not (tmp_path / "secret_key").exists()
