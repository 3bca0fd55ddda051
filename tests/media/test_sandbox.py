"""What runs on files nobody vouches for is bounded in every way, and by the kernel where that can."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.checks import INFO

from apps.media import checks
from tests.conftest import ROOT, make_video
from utils.mediakit import ffmpeg, sandbox
from utils.mediakit.sandbox import landlock, process

HERE = Path(__file__).parent
PYTHON = str(Path(sys.executable).resolve())  # not that of the venv, which reads more than itself and its libraries


def run(program: str, **options) -> tuple[int, str]:
    limits = sandbox.Limits(**{"seconds": 20, "memory": 512 * 1024**2, "output": 1024**2, **options.pop("limits", {})})
    return sandbox.run([PYTHON, "-I", "-c", program], cwd=options.pop("cwd", HERE), limits=limits, **options)


def test_it_inherits_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    kept = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(kept, True)
    said = bytearray()
    status, _ = run(
        "import os; print(sorted(os.environ), len(os.listdir('/proc/self/fd')) - 1, os.read(0, 9))",
        on_output=said.extend,
    )
    os.close(kept)
    assert status == 0
    assert b"SECRET_KEY" not in said
    assert said.rstrip().endswith(b" 3 b''")  # in, out and errors; nothing to read


def test_time_silence_memory_and_output_end_it(tmp_path):
    with pytest.raises(sandbox.Stopped, match="stopped after"):
        run("while True: pass", limits={"seconds": 0.5})
    with pytest.raises(sandbox.Stalled, match="no sign of life"):
        run("import time; print(1, flush=True); time.sleep(60)", limits={"silence": 1.0})
    status, said = run("bytearray(2**30)")
    assert status == 1
    assert "MemoryError" in said
    status, said = run("open('big', 'wb').write(bytes(2**21))", cwd=tmp_path)
    assert status != 0
    assert (tmp_path / "big").stat().st_size <= 1024**2


def test_a_listener_that_raises_ends_it(tmp_path):
    started = tmp_path / "pid"

    def listen() -> None:
        if started.exists() and started.read_text():
            raise KeyError("lost")

    with pytest.raises(KeyError):
        run("import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)", cwd=tmp_path, on_tick=listen)
    assert not Path("/proc", started.read_text()).exists()


def test_it_ends_with_its_parent(tmp_path):
    child = tmp_path / "child"
    inner = f"import os, time; open({str(child)!r}, 'w').write(str(os.getpid())); time.sleep(90)"
    program = (
        "import sys; from pathlib import Path; from utils.mediakit import sandbox\n"
        f"sandbox.run([{PYTHON!r}, '-c', {inner!r}], cwd=Path({str(tmp_path)!r}), limits=sandbox.Limits(seconds=80))"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    until = time.monotonic() + 30
    while not (child.exists() and child.read_text()):
        assert time.monotonic() < until
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    pid = int(child.read_text())
    while time.monotonic() < until:
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError("it went on")


ATTEMPTS = """
import json, os, socket, subprocess
outside, tcp, abstract, parent = OUTSIDE, TCP, ABSTRACT, PARENT
def name(*parts): return os.path.join(outside, *parts)
def write(path):
    with open(path, "w") as file: file.write("x")
def dial(family, kind, to):
    with socket.socket(family, kind) as made: made.connect(to)
def listen():
    with socket.socket() as made: made.bind(("127.0.0.1", 0))
attempts = {
    "work in its folder": lambda: (write("own"), os.rename("own", "mine"), open("mine").read(), os.listdir(".")),
    "open a library": lambda: open(os.__file__).read(),
    "read": lambda: open(name("secret")).read(),
    "list": lambda: os.listdir(outside),
    "write": lambda: write(name("new")),
    "append": lambda: open(name("secret"), "a"),
    "remove": lambda: os.remove(name("other")),
    "run": lambda: subprocess.run(name("program"), check=True),
    "read its start": lambda: open(f"/proc/{parent}/environ").read(),
    "link": lambda: os.symlink(name("secret"), "pointer"),
    "pipe": lambda: os.mkfifo("pipe"),
    "link hard": lambda: os.link(name("secret"), "twin"),
    "truncate": lambda: os.truncate(name("long"), 1),
    "dial": lambda: dial(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", tcp)),
    "listen": listen,
    "dial the abstract": lambda: dial(socket.AF_UNIX, socket.SOCK_STREAM, abstract),
    "signal": lambda: os.kill(parent, 0),
}
done = []
for what, attempt in attempts.items():
    try:
        attempt()
    except OSError:
        continue
    done.append(what)
print(json.dumps(done))
"""
ALWAYS = {"work in its folder", "open a library"}
FROM = {  # what the kernel forbids, by the version of Landlock that began to
    1: {"read", "list", "write", "append", "remove", "run", "read its start", "link", "pipe", "link hard"},
    3: {"truncate"},
    4: {"dial", "listen"},
    6: {"dial the abstract", "signal"},
}


@pytest.mark.parametrize("version", range(8))
def test_the_kernel_keeps_it_to_its_folder(version, tmp_path, monkeypatch):
    """Every version that this kernel supports, so that older kernels are covered too."""
    version = min(version, landlock.version())
    monkeypatch.setattr(landlock, "version", lambda: version)
    monkeypatch.setattr(process, "_leave_network", lambda: None)  # that would do for two of them
    outside, own = tmp_path / "outside", tmp_path / "own"
    outside.mkdir()
    own.mkdir()
    for name in ("secret", "other", "long", "program"):
        (outside / name).write_text("#!/bin/sh\nexit 0\n")
    (outside / "program").chmod(0o700)
    said, abstract = bytearray(), f"\0{tmp_path}"
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(abstract)
        unix.listen()
        values = {"OUTSIDE": str(outside), "TCP": tcp.getsockname()[1], "ABSTRACT": abstract, "PARENT": os.getpid()}
        program = ATTEMPTS
        for name, value in values.items():
            program = program.replace(name, repr(value), 1)
        status, errors = run(program, cwd=own, on_output=said.extend)
    assert (status, errors) == (0, "")
    forbidden = set().union(*(what for since, what in FROM.items() if version >= since))
    assert set(json.loads(said)) == (ALWAYS | set().union(*FROM.values())) - forbidden


def test_there_is_nobody_to_call_where_networks_can_be_left():
    privileged = os.geteuid() == 0
    leave = ["unshare", "--net", "true"] if privileged else ["unshare", "--user", "--net", "true"]
    alone = subprocess.run(leave, capture_output=True).returncode == 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0 if alone else 10)
        program = (
            "import socket\n"
            "with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:\n"
            f"    made.sendto(b'hello', {server.getsockname()!r})"
        )
        status, errors = run(program)
        if alone:
            assert status == 1
            assert "Network is unreachable" in errors
            with pytest.raises(BlockingIOError):
                server.recv(9)
        else:  # as docs/decisions/0010 says
            assert (status, server.recv(9)) == (0, b"hello")


def test_open_files_stay_open_to_it(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"upload")
    said = bytearray()
    with source.open("rb") as file:
        number = file.fileno()
        status, _ = run(f"import os; print(os.read({number}, 9))", cwd=HERE, files=[number], on_output=said.extend)
    assert (status, said.strip()) == (0, bytearray(b"b'upload'"))


def test_the_probe_gives_up_every_other_file(tmp_path):
    (tmp_path / "secret").write_text("x")
    attempts = (
        "from utils.mediakit import measure\n"
        "def can(open_it):\n"
        "    try: open_it()\n"
        "    except OSError: return False\n"
        "    return True\n"
        "measure.confine()\n"
        f"print([can(lambda: open(path, mode)) for path, mode in [({str(tmp_path / 'secret')!r}, 'r'), "
        f"({str(tmp_path / 'new')!r}, 'w'), ({str(ROOT / 'manage.py')!r}, 'r'), (measure.av.__file__, 'r')]])"
    )
    said = bytearray()
    status, errors = sandbox.run(
        [sys.executable, "-c", attempts],
        cwd=ROOT,
        limits=sandbox.Limits(seconds=20),
        confined=False,
        on_output=said.extend,
    )
    assert (status, errors) == (0, "")
    others = landlock.version() == 0
    assert json.loads(said.lower()) == [others, others, others, True]


@pytest.mark.parametrize(("version", "said"), [(0, "not at all"), (3, "in part"), (landlock.COMPLETE, "")])
def test_production_is_told_what_its_kernel_cannot(version, said, monkeypatch, settings):
    monkeypatch.setattr(landlock, "version", lambda: version)
    assert checks.check_confinement() == []
    settings.ENVIRONMENT = "production"
    found = checks.check_confinement()
    assert bool(found) == bool(said)
    assert all(said in message.msg and message.level == INFO for message in found)


@pytest.mark.slow
def test_an_ffmpeg_that_was_killed_says_nothing_about_the_file(tmp_path):
    path = make_video(tmp_path / "a.mp4", seconds=30, size="1280x720")

    def kill() -> None:
        (task,) = Path("/proc/self/task").glob(str(os.getpid()))
        for pid in (task / "children").read_text().split():
            if b"ffmpeg" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(int(pid), signal.SIGKILL)

    with pytest.raises(ffmpeg.Interrupted, match="signal 9"):
        ffmpeg.FFmpeg().run(
            [ffmpeg.Input(path)], ["-c:v", "libx264", "-preset", "slow", "-f", "mp4", "b.mp4"],
            cwd=tmp_path, timeout=90, on_tick=kill,
        )  # fmt: skip
