"""A disk so small that it can be filled: a tmpfs, mounted by root, or else in a namespace of the test's own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

INSIDE = "STREAMSITE_SMALL_DISKS"  # set in the process that may mount


def alone(test: pytest.Item) -> bool:
    """Whether the test runs on: where mounting isn't allowed it's run again, in a namespace of its own, and is done."""
    if os.geteuid() == 0 or os.environ.get(INSIDE):
        return True
    command = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-m", "pytest", "-q"]
    command += [f"{test.path}::{test.name}"]
    done = subprocess.run(command, env={**os.environ, INSIDE: "1"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return False


class SmallDisk:
    """A mounted one; sizes in bytes."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._filler = place / "filler"

    @property
    def free(self) -> int:
        found = os.statvfs(self.place)
        return found.f_bavail * found.f_frsize

    def fill(self, *, leave: int = 0) -> None:
        """Take all room but `leave`."""
        with self._filler.open("ab") as file:
            for _ in range(100):
                if (room := self.free - leave) <= 0:
                    break
                with contextlib.suppress(OSError):  # somebody else took some meanwhile
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), room)
        assert self.free <= leave

    def empty(self) -> None:
        """Give back what was taken."""
        self._filler.unlink()


@contextmanager
def small_disk(place: Path, size: int) -> Iterator[SmallDisk]:
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(place)], check=True)
    try:
        yield SmallDisk(place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
