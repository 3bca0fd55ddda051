"""Locks of files. The kernel releases them when their process ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from utils.storages.front import Locked

LOOK_EVERY = 0.05  # seconds


def lock(file: int, *, patience: float) -> None:
    """Lock an open file. Raises Locked if another one holds it for longer than `patience`, in seconds."""
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= until:
                raise Locked from error
        else:
            return
        time.sleep(LOOK_EVERY)


@contextmanager
def lock_file(path: Path, *, patience: float) -> Iterator[None]:
    """Hold a lock by the name of a file, which exists as long as the lock is held. Raises Locked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            lock(file, patience=patience)
            if _is_at(file, path):  # else the former holder has removed it
                try:
                    yield
                finally:
                    path.unlink(missing_ok=True)
                return
        finally:
            os.close(file)


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
