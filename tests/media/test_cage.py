"""What runs on files nobody vouches for is bounded in every way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, make_video
from utils import cage, ffmpeg

HERE = Path(__file__).parent


def run(program: str, **options) -> tuple[int, str]:
    limits = cage.Limits(**{"seconds": 20, "memory": 512 * 1024**2, "output": 1024**2, **options.pop("limits", {})})
    return cage.run([sys.executable, "-I", "-c", program], cwd=options.pop("cwd", HERE), limits=limits, **options)


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
    with pytest.raises(cage.Stopped, match="stopped after"):
        run("while True: pass", limits={"seconds": 0.5})
    with pytest.raises(cage.Stalled, match="no sign of life"):
        run("import time; print(1, flush=True); time.sleep(60)", limits={"silence": 1.0})
    status, said = run("bytearray(2**30)")
    assert status == 1
    assert "MemoryError" in said
    status, said = run("open('big', 'wb').write(bytes(2**21))", cwd=tmp_path)
    assert status != 0
    assert (tmp_path / "big").stat().st_size <= 1024**2


def test_a_listener_that_raises_ends_it():
    began = time.monotonic()
    with pytest.raises(KeyError):
        run("import time; time.sleep(60)", on_tick=lambda: {}["lost"])
    assert time.monotonic() - began < 10


def test_it_ends_with_its_parent(tmp_path):
    child = tmp_path / "child"
    inner = f"import os, time; open({str(child)!r}, 'w').write(str(os.getpid())); time.sleep(90)"
    program = (
        "import sys; from pathlib import Path; from utils import cage\n"
        f"cage.run([sys.executable, '-c', {inner!r}], cwd=Path('/'), limits=cage.Limits(seconds=80))"
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


@pytest.mark.slow
def test_an_ffmpeg_that_was_killed_says_nothing_about_the_file(tmp_path):
    path = make_video(tmp_path / "a.mp4", seconds=30, size="1280x720")

    def kill() -> None:
        (task,) = Path("/proc/self/task").glob(str(os.getpid()))
        for pid in (task / "children").read_text().split():
            if b"ffmpeg" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(int(pid), signal.SIGKILL)

    with pytest.raises(ffmpeg.Interrupted, match="signal 9"):
        ffmpeg.run(
            [ffmpeg.Input(path)], ["-c:v", "libx264", "-preset", "slow", "-f", "mp4", "b.mp4"],
            cwd=tmp_path, timeout=90, on_tick=kill,
        )  # fmt: skip
