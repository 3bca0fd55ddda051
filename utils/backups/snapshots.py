"""A folder of backups: each is a folder of its own, whole or not there, and shares unchanged files by hard links."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

MANIFEST, PARTIAL = "manifest.json", ".partial-"
PIECE = 1024 * 1024  # bytes
SETTLED_AFTER = 60.0  # seconds from a change that another machine's clock told, in whole seconds


class Readable(Protocol):
    """What is copied from."""

    def read(self, size: int, /) -> bytes: ...


class Unusable(Exception):
    """The folder holds no backup, a damaged one, or is in use."""


@dataclass(frozen=True)
class Entry:
    """A file: its path in the backup, its size in bytes, its time of change (ns), and its SHA-256."""

    path: str
    size: int
    changed: int
    sha256: str


@dataclass
class Manifest:
    """What a backup holds, and what it should have held."""

    made_at: str
    version: int = 1
    entries: dict[str, Entry] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Write it last: its checksums are of files that are there."""
        with (folder / MANIFEST).open("w") as out:
            json.dump(asdict(self), out, ensure_ascii=False, indent=1)
            out.flush()
            os.fsync(out.fileno())

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Raises Unusable."""
        try:
            found = json.loads((folder / MANIFEST).read_text())
            entries = {path: Entry(**entry) for path, entry in found["entries"].items()}
            return cls(found["made_at"], found["version"], entries, found["missing"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unusable(f"{folder} is no backup: {error}") from error


def finished(folder: Path) -> list[Path]:
    """The whole backups in the folder, the oldest first."""
    found = [path for path in folder.iterdir() if (path / MANIFEST).is_file()] if folder.is_dir() else []
    return sorted(path for path in found if not path.name.startswith("."))


def newest(folder: Path) -> Path:
    """The folder itself if it is a backup, else the last one in it. Raises Unusable."""
    if (folder / MANIFEST).is_file():
        return folder
    if not (found := finished(folder)):
        raise Unusable(f"{folder} holds no whole backup.")
    return found[-1]


@contextmanager
def beginning(folder: Path, at: datetime) -> Iterator[Path]:
    """A fresh folder for a backup, which gets its name when the block ends, and is removed if it fails.

    What a killed one left is removed first. Raises Unusable while another one runs.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unusable(f"Another backup to {folder} is running.") from None
        for left in folder.glob(f"{PARTIAL}*"):
            shutil.rmtree(left)
        name = f"{at:%Y-%m-%dT%H-%M-%S.%fZ}"
        fresh = folder / f"{PARTIAL}{name}"
        fresh.mkdir(mode=0o700)
        try:
            yield fresh
            fresh.rename(folder / name)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
    finally:
        os.close(lock)


class Collector:
    """Puts files into a new backup, from the one before where they haven't changed."""

    def __init__(self, fresh: Path, before: Path | None) -> None:
        self._fresh, self._before = fresh, before
        self._known = Manifest.read(before).entries if before else {}
        self.entries: dict[str, Entry] = {}
        self.copied = 0  # bytes

    def add(self, source: Path, path: str) -> None:
        """Put a file under a path in the backup. Raises FileNotFoundError."""
        about = source.stat()
        if self._link(path, about.st_size, about.st_mtime_ns):
            return
        with source.open("rb") as file:
            # one that grows meanwhile isn't taken for unchanged the next time
            self._copy(path, file, os.fstat(file.fileno()).st_mtime_ns)

    def add_remote(
        self, path: str, *, size: int, changed: int, open_file: Callable[[], AbstractContextManager[Readable]]
    ) -> None:
        """Put a file of another machine, last changed in that second (Unix time), under a path in the backup."""
        if self._link(path, size, changed * 10**9):
            return
        with open_file() as file:
            self._copy(path, file, changed * 10**9, settled=changed + SETTLED_AFTER < time.time())

    def _link(self, path: str, size: int, changed: int) -> bool:
        """Take a file from the backup before, if it is the same there."""
        target = self._target(path)
        known = self._known.get(path)
        if known and self._before and (known.size, known.changed) == (size, changed):
            with suppress(OSError):  # the file system has no hard links, or no more of this file
                os.link(self._before / path, target)
                self.entries[path] = known
                return True
        return False

    def _copy(self, path: str, source: Readable, changed: int, *, settled: bool = True) -> None:
        target = self._target(path)
        digest, size = hashlib.sha256(), 0
        with target.open("xb") as out:
            while piece := source.read(PIECE):
                digest.update(piece)
                out.write(piece)
                size += len(piece)
            out.flush()
            os.fsync(out.fileno())
        os.utime(target, ns=(changed, changed))
        self.copied += size
        # 0: it may change once more within the same second, so the next backup copies it again
        self.entries[path] = Entry(path, size, changed if settled else 0, digest.hexdigest())

    def _target(self, path: str) -> Path:
        target = self._fresh / path
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return target

    def note(self, path: str) -> None:
        """Note a file that was written into the backup by other means."""
        file = self._fresh / path
        self.entries[path] = Entry(path, file.stat().st_size, file.stat().st_mtime_ns, checksum(file))


def checksum(file: Path) -> str:
    """The file's SHA-256."""
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def verify(backup: Path, manifest: Manifest) -> None:
    """Raises Unusable if a file is missing or differs from its checksum."""
    for path, entry in manifest.entries.items():
        file = backup / path
        if not file.is_file() or file.stat().st_size != entry.size or checksum(file) != entry.sha256:
            raise Unusable(f"{file} is missing or damaged.")


def put(backup: Path, entry: Entry, target: Path) -> None:
    """Put a file back, unless it is there already. A killed run leaves no half file."""
    if target.exists() and target.stat().st_size == entry.size and checksum(target) == entry.sha256:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    shutil.copyfile(backup / entry.path, part)
    os.utime(part, ns=(entry.changed, entry.changed))
    part.replace(target)
