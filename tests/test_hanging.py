"""A test that hangs says where and fails, once, and the others run: nothing else would end it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.browser.conftest import command
from tests.conftest import ROOT

HOOKS = "from tests.conftest import pytest_runtest_teardown, pytest_xdist_make_scheduler"
TESTS = """
import subprocess
import threading
from pathlib import Path

import pytest

from tests import mariadb


@pytest.fixture
def site():
    process = subprocess.Popen([*mariadb.WITH_US, "sleep", "600"])
    Path(__file__).with_name("pid").write_text(str(process.pid))
    yield
    threading.Event().wait()


def test_before():
    pass


def test_it_fails_and_hangs(site):
    raise AssertionError


def test_after():
    pass
"""


@pytest.mark.slow
def test_a_test_that_hangs_ends_its_process_and_no_other(tmp_path):
    (tmp_path / "conftest.py").write_text(HOOKS)
    (tmp_path / "test_one.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "-p", "no:django", "-n", "1", "--dist", "loadgroup",
         "-o", "faulthandler_timeout=4", tmp_path],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 1
    assert re.search(r"test_one.py\", line \d+ in site", done.stderr), done.stderr
    assert len(re.findall(r"^worker '\w+' crashed while running", done.stdout, re.MULTILINE)) == 1
    assert "2 failed, 2 passed" in done.stdout  # what failed, and what hung
    assert command(int((tmp_path / "pid").read_text())) == ""
