"""Options of `make run` and `make stack`: PORT, DATA_DIR and DEMO, validated with clear error messages.

Standard library only, since the first stage validates them before installing anything.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import IO

from console import fail, say

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
MB = 1_000_000
ROOM = {"1": 1200 * MB, "small": 200 * MB, "0": 60 * MB}  # bytes that a first start needs, by DEMO
command = "make run"  # named in messages; deploy/stack names its own
LAST_RUN_ENDS_WITHIN = 40.0  # seconds


def port() -> int:
    """PORT, if it is free."""
    text = os.environ.get("PORT") or "8000"
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65536):
        fail(f"PORT={text} is not a port. Choose a number from 1 to 65535: {command} PORT=8000")
    number = int(text)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except PermissionError:
            fail(f"Port {number} needs root privileges. Choose another: {command} PORT=8000")
        except OSError:
            other = number + 1 if number < 65535 else 8000
            fail(f"Port {number} is in use. Stop the process that uses it, or choose another: {command} PORT={other}")
    return number


def demo() -> str:
    """DEMO: 1, small or 0."""
    wanted = os.environ.get("DEMO") or "1"
    if wanted not in ROOM:
        fail(f"DEMO={wanted} is unknown. Choose 1, small or 0.")
    return wanted


def data_dir() -> Path:
    """DATA_DIR, created, writable and with enough space."""
    text = os.environ.get("DATA_DIR") or str(ROOT / "data")
    try:
        folder = Path(text).expanduser().resolve()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
        others = [entry.name for entry in folder.iterdir() if not os.access(entry, os.R_OK | os.W_OK)]
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: unknown user's ~
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            free, others = 0, []
        else:
            why = "that is a file" if isinstance(error, FileExistsError) else getattr(error, "strerror", "") or error
            fail(f"The data can't be stored in {text} ({why}). Choose another folder: {command} DATA_DIR=…")
    if others:
        fail(f"{others[0]} in {text} belongs to another user. Choose another folder: {command} DATA_DIR=…")
    needed = ROOM["0" if (folder / "demo-made").exists() else demo()]
    if free < needed:
        fail(
            f"The disk of {text} is full: {free // MB} MB are free, {needed // MB} MB are needed. "
            f"Free up space, or choose another folder: {command} DATA_DIR=…"
        )
    return folder


def lock_data_dir(folder: Path) -> IO[str]:
    """Lock the data folder for one site. Leftovers of a killed site get time to exit."""
    lock = (folder / "run.lock").open("a+")
    until = time.monotonic() + LAST_RUN_ENDS_WITHIN
    waiting = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            if _alive(lock.read()) or time.monotonic() > until:
                fail(f"Another site is already running on {folder}. Stop it or choose another: {command} DATA_DIR=…")
        else:
            return lock
        if not waiting:
            say("Waiting for the previous run to end")
            waiting = True
        time.sleep(0.2)


def _alive(pid: str) -> bool:
    """Whether the process whose pid is in the lock file is running."""
    return pid.isdigit() and Path(f"/proc/{pid}").exists()
