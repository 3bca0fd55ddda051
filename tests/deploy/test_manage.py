"""What `manage.py` says of the world around it: a sentence, whichever command it was."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys

import pytest
from django.db import DatabaseError, OperationalError

from tests.conftest import ROOT
from utils.diagnosis import diagnose

pytestmark = pytest.mark.slow

# each command in a child of one process that has loaded Django already
DRIVER = """
import json, os, sys
import django.core.management
sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = "streamsite.settings"
try:
    django.setup()
except BaseException:  # each command below meets it again, and is asked what it says
    pass
import manage
told = {}
for line in sys.argv[1:]:
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.dup2(writing, 1); os.dup2(writing, 2); os.close(reading); os.close(writing)
        sys.argv = ["manage.py", *line.split()]
        try:
            manage.main()
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:  # as the interpreter would show it
            sys.excepthook(*sys.exc_info())
            status = 99
        else:
            status = 0
        sys.stdout.flush(); sys.stderr.flush()
        os._exit(status)
    os.close(writing)
    with open(reading) as said:
        told[line] = said.read()
    told[line] = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), told[line]]
print(json.dumps(told))
"""
COMMANDS = [
    "add_video /nowhere.mp4", "changepassword admin", "check --database default", "clearsessions", "collectstatic",
    "createsuperuser --noinput --username lin --email lin@example.com", "demo --no-videos --small", "dumpdata",
    "flush --noinput", "makemigrations --check", "media_doctor", "migrate", "nginx_config --node unix:/run/x",
    "reconcile", "rotate_keys", "runserver", "sendtestemail a@example.com", "shell -c 1", "showmigrations", "statement",
]  # fmt: skip
ASK_THE_DATABASE = [
    "changepassword admin", "clearsessions", "createsuperuser --noinput --username lin --email lin@example.com",
    "demo --no-videos --small", "flush --noinput", "media_doctor", "migrate", "reconcile", "rotate_keys",
    "showmigrations",
]  # fmt: skip


def _environment(**changed: str) -> dict[str, str]:
    return {**os.environ, "PYTHONWARNINGS": "ignore", "DJANGO_SUPERUSER_PASSWORD": "right horse battery", **changed}


def _all(commands: list[str], **changed: str) -> dict[str, tuple[int, str]]:
    import json

    done = subprocess.run(
        [sys.executable, "-c", DRIVER, *commands], cwd=ROOT, env=_environment(**changed), capture_output=True,
        text=True, stdin=subprocess.DEVNULL, timeout=120, check=True,
    )  # fmt: skip
    return {line: tuple(found) for line, found in json.loads(done.stdout.splitlines()[-1]).items()}


def _one(*arguments: str, python: tuple[str, ...] = (sys.executable,), **changed: str) -> str:
    done = subprocess.run(
        [*python, "manage.py", *arguments], cwd=ROOT, env=_environment(**changed), capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1, done
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr.strip()


def test_every_command_says_in_a_sentence_that_the_data_has_no_place():
    for line, (status, said) in _all(COMMANDS, DATA_DIR="/proc/nope", DATABASE_URL="").items():
        assert (status, said.count("\n")) == (1, 1), (line, said)
        assert said.startswith("The data can't be stored in /proc/nope"), (line, said)
        assert "DATA_DIR" in said


def test_every_command_says_in_a_sentence_that_a_setting_is_wrong(tmp_path):
    for line, (status, said) in _all(COMMANDS, DATA_DIR=str(tmp_path), PORT="eighty").items():
        assert (status, said.count("\n")) == (1, 1), (line, said)
        assert said.startswith("Invalid setting: PORT='eighty'"), (line, said)


def test_every_command_says_in_a_sentence_that_the_database_is_none(tmp_path):
    (tmp_path / "db.sqlite3").write_bytes(b"no database, whatever it is called" * 100)
    for line, (status, said) in _all(ASK_THE_DATABASE, DATA_DIR=str(tmp_path), DATABASE_URL="").items():
        assert status == 1, (line, said)
        assert f"{tmp_path}/db.sqlite3 is damaged or not a database" in said.splitlines()[-1], (line, said)
        assert "Traceback" not in said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"DATA_DIR": "/etc/hostname"}, "The data can't be stored in /etc/hostname (/etc/hostname: that is a file)."),
        ({"DATA_DIR": "/sys/nope"}, "The data can't be stored in /sys/nope (/sys/nope: "),
        ({"DATA_DIR": "~nobodyatall"}, "Invalid setting: DATA_DIR='~nobodyatall' is not a usable folder"),
        ({"DATABASE_URL": "nonsense"}, "Invalid setting: DATABASE_URL is not a database URL"),
        ({"DATABASE_URL": "mysql://u:secret@127.0.0.1:1/x"}, "The database mysql://127.0.0.1:1/x can't be used: "),
        ({"DATABASE_URL": "sqlite:////nowhere/x.db"}, "The folder /nowhere doesn't exist."),
        ({"DATABASE_URL": "sqlite:////proc/x.db"}, "/proc/x.db can't be opened and written by this user"),
        ({"REDIS_URL": "nonsense"}, "Invalid setting: REDIS_URL is not a Redis URL"),
        ({"TIME_ZONE": "Mars/Olympus"}, "Invalid setting: TIME_ZONE='Mars/Olympus' is not a time zone"),
        ({"EMAIL_URL": "nonsense"}, "Invalid setting: EMAIL_URL is not a mail server URL"),
        ({"LOG_LEVEL": "loud"}, "Invalid setting: LOG_LEVEL='LOUD' is not a log level"),
        ({"DEBUG": "maybe"}, "Invalid setting: DEBUG='maybe' is not a boolean"),
    ],
)  # fmt: skip
def test_what_is_wrong_and_where(tmp_path, changed, said):
    told = _one("rotate_keys", **{"DATA_DIR": str(tmp_path), "DATABASE_URL": "", **changed})
    assert told.startswith(said)
    assert "secret" not in told


def test_tables_that_are_missing_are_made_by_migrate(tmp_path):
    assert _one("rotate_keys", DATA_DIR=str(tmp_path), DATABASE_URL="").endswith("Run: manage.py migrate")


def test_packages_that_are_missing_are_named(tmp_path):
    assert "The package django isn't installed for" in _one("check", python=(sys.executable, "-S"), VIRTUAL_ENV="")
    (tmp_path / "icu.py").write_text("raise ModuleNotFoundError('No module named icu', name='icu')")
    assert _one("check", PYTHONPATH=str(tmp_path), DATA_DIR=str(tmp_path)) == (
        "The package icu is missing. Run `make run` or `make dev` to install it."
    )


def test_traceback_shows_where_it_happened(tmp_path):
    command = [sys.executable, "manage.py", "migrate", "--traceback"]
    env = _environment(DATA_DIR="/proc/nope")
    assert "Traceback" in subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60).stderr


def test_a_full_disk_is_told_with_its_place(tmp_path):
    full = OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "x"))
    assert diagnose(full).startswith(f"The disk of {tmp_path}/x is full. Free up space.")
    with sqlite3.connect(":memory:") as database:
        database.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.Error) as raised:
            database.execute("CREATE TABLE t AS SELECT randomblob(100000)")
    assert "is full. Free up space." in diagnose(OperationalError(*raised.value.args))


def test_a_fault_of_our_own_keeps_its_traceback():
    for error in (
        KeyError("x"),
        ValueError("x"),
        DatabaseError("near x: syntax error"),
        ConnectionResetError(104, "reset"),
    ):
        assert diagnose(error) == ""
    assert diagnose(ModuleNotFoundError("No module named 'apps.x'", name="apps.x")) == ""
