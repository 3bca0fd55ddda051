"""What a machine without some part of Python is told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.fixture
def elsewhere(tmp_path):
    """The first stage alone, in a project of its own."""
    folder = tmp_path / "deploy" / "embedded"
    shutil.copytree(ROOT / "deploy" / "embedded", folder)
    return folder / "bootstrap.py"


def _start(script, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PORT": "0", **env}
    return subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=60)


def test_a_python_without_venv_is_told_what_to_install(elsewhere, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "ensurepip.py").write_text("raise ImportError")
    done = _start(elsewhere, PYTHONPATH=str(bare), PATH=str(bare))
    assert done.returncode == 1
    assert "sudo apt install python3-venv" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_old_python_is_told_which_one_is_needed(elsewhere, tmp_path):
    site = tmp_path / "old"
    site.mkdir()
    (site / "sitecustomize.py").write_text("import sys\nsys.version_info = (3, 9, 2)")
    done = _start(elsewhere, PYTHONPATH=str(site), PATH=str(site))
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr


def test_an_environment_copied_without_its_bytecode_is_compiled_once(elsewhere, tmp_path):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    package = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages" / "django"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("VERSION = 5")
    (package / "newer.py").write_text("this is for another Python")
    code = "import bootstrap; bootstrap.compile_bytecode()"
    said = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=elsewhere.parent, capture_output=True, text=True, timeout=60, check=True
        ).stdout
        for _ in range(2)
    ]
    assert "Compiling the packages" in said[0]
    assert said[1] == ""
    assert [file.name.split(".")[0] for file in (package / "__pycache__").iterdir()] == ["__init__"]
