"""Messages on a machine that lacks something, and resuming a start that was interrupted."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture
def elsewhere(tmp_path):
    """The first stage alone, in a project of its own."""
    folder = tmp_path / "deploy" / "embedded"
    shutil.copytree(ROOT / "deploy" / "embedded", folder)
    return folder / "bootstrap.py"


def _start(script, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(script), *options]
    return subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=60)


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


@pytest.mark.parametrize(
    ("asked", "told"),
    [({"PORT": "web"}, "PORT=web is not a port"), ({"PORT": "0"}, "PORT=0 is not a port"),
     ({"PORT": "70000"}, "PORT=70000 is not a port"), ({"DEMO": "big"}, "DEMO=big is unknown"),
     ({"DATA_DIR": "/etc/hostname"}, "The data can't be stored in /etc/hostname"),
     ({"DATA_DIR": "/etc/hostname/data"}, "Not a directory"), ({"DATA_DIR": "/proc/data"}, "The data can't be stored"),
     ({"DATA_DIR": "~who-is-that/data"}, "home directory")],
)  # fmt: skip
def test_what_cannot_be_had_is_said_before_anything_begins(elsewhere, tmp_path, asked, told):
    done = _start(elsewhere, "--run", **{"DATA_DIR": str(tmp_path / "data"), **asked})
    assert done.returncode == 1
    assert told in done.stderr
    assert done.stderr.strip().count("\n") == 0
    assert not (tmp_path / ".venv").exists()


def test_a_full_disk_is_said_before_anything_begins(elsewhere, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import shutil\nshutil.disk_usage = lambda path: shutil._ntuple_diskusage(10**9, 10**9, 5_000_000)"
    )
    done = _start(elsewhere, "--run", PYTHONPATH=str(tmp_path), DATA_DIR=str(tmp_path / "data"), DEMO="0")
    assert "is full: 5 MB are free, 60 MB are needed" in done.stderr


@pytest.mark.parametrize(
    ("options", "demo", "names"),
    [((), "1", ["requirements"]), (("--run",), "0", ["requirements"]),
     (("--run",), "small", ["requirements", "requirements-demo"]),
     (("--run",), "", ["requirements", "requirements-demo"]),
     (("--dev",), "0", ["requirements", "requirements-demo", "requirements-dev"])],
)  # fmt: skip
def test_only_a_trial_and_the_tests_install_what_the_demo_needs(elsewhere, options, demo, names):
    code = f"import sys; sys.argv[1:] = {list(options)}; import bootstrap; print(*bootstrap.wanted())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=elsewhere.parent, env={**os.environ, "DEMO": demo}, capture_output=True,
        text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.split() == names


def test_what_is_left_of_a_killed_site_gets_time_to_end(elsewhere, tmp_path):
    lock = tmp_path / "run.lock"
    holds = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); input()"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    lock.write_text(str(dead.pid))
    rest = subprocess.Popen(
        [sys.executable, "-c", holds, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    rest.stdout.readline()
    code = "import options, sys; from pathlib import Path; options.lock_data_dir(Path(sys.argv[1])); print('ours')"
    begin = [sys.executable, "-c", code, str(tmp_path)]
    waiting = subprocess.Popen(begin, cwd=elsewhere.parent, stdout=subprocess.PIPE, text=True)
    assert "Waiting for the previous run to end" in waiting.stdout.readline()
    rest.communicate("\n")
    assert waiting.communicate()[0] == "ours\n"


def test_half_an_environment_is_made_again(elsewhere, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "ensurepip.py").write_text("raise ImportError")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    done = _start(elsewhere, PYTHONPATH=str(bare), PATH=str(bare))
    assert "Creating the virtual environment" in done.stdout
    stamps = tmp_path / ".venv" / "stamps"
    stamps.mkdir(parents=True)
    (stamps / "unfinished").touch()
    assert "Creating the virtual environment" in _start(elsewhere, PYTHONPATH=str(bare), PATH=str(bare)).stdout


def _ignore_interrupts() -> None:
    """As a command starts that a script put in the background by `&`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def test_an_interrupt_while_it_prepares_leaves_nothing_running(elsewhere, tmp_path):
    (tmp_path / "ensurepip.py").write_text("raise ImportError")
    tool = tmp_path / "uv"
    tool.write_text("#!/bin/sh\necho $$ > $0.pid.new; mv $0.pid.new $0.pid; exec /bin/sleep 600\n")
    tool.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PATH": f"{tmp_path}:/bin:/usr/bin"}
    begun = subprocess.Popen(
        [sys.executable, str(elsewhere)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=_ignore_interrupts,
    )  # fmt: skip
    while not (tmp_path / "uv.pid").exists():
        assert begun.poll() is None
        time.sleep(0.05)
    begun.send_signal(signal.SIGINT)
    said = begun.communicate(timeout=60)[1]
    assert said.startswith("\nStopped.")
    assert "Traceback" not in said
    assert not Path("/proc", (tmp_path / "uv.pid").read_text().strip()).exists()


def test_an_interrupt_ends_the_wait_for_the_last_run(elsewhere, tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    data = tmp_path / "data"
    data.mkdir()
    with (data / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(str(dead.pid))
        lock.flush()
        waiting = subprocess.Popen(
            [sys.executable, str(elsewhere.with_name("serve.py"))],
            env={**os.environ, "DATA_DIR": str(data), "DEMO": "0"},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_ignore_interrupts,
        )  # fmt: skip
        assert "Waiting for the previous run to end" in waiting.stdout.readline()
        waiting.send_signal(signal.SIGINT)
        assert waiting.communicate(timeout=60)[1] == "\nStopped before the site started.\n"
    assert waiting.returncode == 1
