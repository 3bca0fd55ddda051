"""Starting process trees and terminating them completely, across sessions."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)
PR_SET_CHILD_SUBREAPER = 36
GRACE = 5.0  # seconds between SIGTERM and SIGKILL


def adopt_orphans() -> None:
    """Become the subreaper, so that orphaned descendants can be found and terminated (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """In a new child: receive SIGTERM when the parent dies (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def stop_when_hung_up() -> None:
    """Send this process SIGHUP when its terminal closes, which make, as the session leader, doesn't forward."""
    if not sys.stdin or not sys.stdin.isatty():
        return
    gone = select.poll()
    gone.register(sys.stdin.fileno(), 0)  # POLLHUP is always reported

    def watch() -> None:
        gone.poll()
        os.kill(os.getpid(), signal.SIGHUP)

    threading.Thread(target=watch, daemon=True).start()


def children(of: int) -> list[int]:
    """The running child processes of `of`."""
    return _children().get(of, [])


def descendants(of: int) -> list[int]:
    """All descendants of `of`, nearest first."""
    known = _children()
    found, look = [], [of]
    while look:
        below = known.get(look.pop(0), [])
        found += below
        look += below
    return found


def _children() -> dict[int, list[int]]:
    known: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        known.setdefault(parent, []).append(int(entry.name))
    return known


def wait_for(process: subprocess.Popen[bytes]) -> int:
    """Wait for one child, reaping others that exit meanwhile; returns its exit status."""
    while process.returncode is None:
        pid, status = os.wait()
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode


def end_all() -> None:
    """Terminate all descendants, kill those still running after GRACE seconds, and reap them."""
    number = signal.SIGTERM
    until = time.monotonic() + GRACE
    asked: set[int] = set()
    while below := descendants(os.getpid()):
        if time.monotonic() > until:
            number = signal.SIGKILL
            asked.clear()
        for pid in below:
            if pid not in asked:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue
                asked.add(pid)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return
        time.sleep(0.05)
