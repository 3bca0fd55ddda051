"""Runs a program on untrusted files with limits on time, memory and output, and ends it if its parent ends.

Where the kernel supports it, the program has no access to files outside its folder, nor to the network.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from utils.mediakit.sandbox import landlock

PR_SET_PDEATHSIG = 1  # prctl(2)
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # unshare(2)
TICK = 1.0  # seconds between two calls of on_tick
KEPT = 4000  # characters from the end of stderr
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded here, since a forked child mustn't


class Stopped(Exception):
    """The program exceeded its time limit and was killed."""


class Stalled(Stopped):
    """The program printed nothing for too long and was killed: it, or the machine, had been frozen."""


@dataclass(frozen=True)
class Limits:
    """Limits of a program: seconds of wall time, bytes of address space, bytes of one output file."""

    seconds: float
    memory: int = 8 * 1024**3
    output: int = 64 * 1024**3
    silence: float = 0  # seconds without output after which it counts as stalled; 0 for no limit
    threads: int = 16  # CPU time is limited to `seconds` times this


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends (Linux)."""
    if _libc:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _enter(limits: Limits, parent: int, rules: int | None) -> None:
    """Runs in the child between fork and exec."""
    die_with_parent()
    if _libc:
        _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the line above
            os._exit(1)
        _leave_network()
    processor = int(limits.seconds * limits.threads) + 1
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_FSIZE, limits.output),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    resource.setrlimit(
        resource.RLIMIT_CPU, (processor, processor + 5)
    )  # ends by SIGXCPU, so SIGKILL always comes from outside
    if rules is not None and not landlock.enter(rules):
        os.write(2, b"the kernel refused to confine it")
        os._exit(1)


def _leave_network() -> None:
    """Enter a new, empty network namespace if permitted."""
    if _libc and _libc.unshare(CLONE_NEWNET) and os.geteuid():  # root would lose access to files of other users
        _libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def _needs(program: str) -> list[Path]:
    """The files that a program needs: its executable and the libraries installed with it."""
    found = shutil.which(program, path=os.defpath)
    if not found:
        return []
    file = Path(found).resolve()
    return [file, file.parent.parent / "lib"]


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    limits: Limits,
    files: Sequence[int] = (),
    confined: bool = True,
    on_output: Callable[[bytes], None] | None = None,
    on_tick: Callable[[], None] | None = None,
) -> tuple[int, str]:
    """Run `command` without a shell or environment and with no open files but `files`; (exit status, end of stderr).

    Landlock restricts it to reading the system's libraries and working in the folder `cwd`, unless `confined=False`,
    which is for programs that confine themselves once they have loaded what they need. `on_output` receives its
    output, `on_tick` is called about once a second; an exception that either raises ends the program and propagates.
    Raises Stopped or Stalled.
    """
    with tempfile.TemporaryFile() as errors:
        with landlock.rules(read=_needs(command[0]), own=[cwd]) if confined else contextlib.nullcontext() as rules:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env={"PATH": os.defpath},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                pass_fds=files,
                process_group=0,
                preexec_fn=partial(_enter, limits, os.getpid(), rules),
            )
        try:
            _listen(process, limits, on_output, on_tick)
        finally:
            _end(process)
        size = errors.seek(0, os.SEEK_END)
        errors.seek(max(0, size - KEPT))
        return process.returncode, errors.read().decode("utf-8", "replace").strip()


def _listen(
    process: subprocess.Popen[bytes],
    limits: Limits,
    on_output: Callable[[bytes], None] | None,
    on_tick: Callable[[], None] | None,
) -> None:
    """Pass on output until the program closes it and ends."""
    began = heard = ticked = time.monotonic()
    pipe = process.stdout
    while pipe or process.poll() is None:
        now = time.monotonic()
        if now - began > limits.seconds:
            raise Stopped(f"stopped after {limits.seconds:.0f} s")
        if limits.silence and now - heard > limits.silence:
            raise Stalled(f"no sign of life for {limits.silence:.0f} s")
        if on_tick and now - ticked >= TICK:
            on_tick()
            ticked = time.monotonic()
            heard += ticked - now  # time spent in on_tick, say waiting for a lock, doesn't count as silence
        if pipe is None:
            time.sleep(0.01)
        elif select.select([pipe], [], [], TICK)[0]:
            heard = time.monotonic()
            said = os.read(pipe.fileno(), 65536)
            if not said:
                pipe = None
            elif on_output:
                on_output(said)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the program's process group and reap it."""
    try:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    if process.stdout:
        process.stdout.close()
