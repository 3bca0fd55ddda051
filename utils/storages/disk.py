"""Videos in a folder of this machine, or of a file system that all machines of the site share."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage

from utils.storages.front import Begun, Found, Growing, Served, Tick, VideoStore
from utils.storages.locks import lock

COPIED_AT_ONCE = 1024 * 1024  # bytes


def find_file(storage: FileSystemStorage, name: str) -> Found:
    """A file of a storage on disk. Raises FileNotFoundError for a folder too."""
    path = Path(storage.path(name))
    about = path.stat()
    if name.endswith("/") or not stat.S_ISREG(about.st_mode):
        raise FileNotFoundError(errno.ENOENT, "not a file", name)
    return Found(about.st_size, int(about.st_mtime), path)


class DiskStore(VideoStore, FileSystemStorage):
    """The folder in VIDEO_STORAGE_URL (`file:///…`). Its URLs need a token."""

    def __init__(self) -> None:
        if not re.match(r"file:///[^/]", settings.VIDEO_STORAGE_URL):
            raise ImproperlyConfigured(f"{settings.VIDEO_STORAGE_URL!r} is not an absolute folder.")
        super().__init__(location=unquote(urlsplit(settings.VIDEO_STORAGE_URL).path), base_url=settings.VIDEO_URL)

    def begin(self, suffix: str) -> str:
        name = self._new_name(suffix)
        self._at(name).touch()
        return name

    def adopt(
        self,
        source: Path,
        *,
        suffix: str = "",
        move: bool = True,
        begun: Begun | None = None,
        on_tick: Tick | None = None,
    ) -> str:
        name = self._new_name(suffix)
        if begun:
            begun(name)
        self._put(name, source, move=move)
        return name

    def duplicate(self, name: str, *, begun: Begun) -> str:
        """Hard-link it, or copy it if the file system has no hard links."""
        fresh = self._new_name(PurePosixPath(name).suffix)
        begun(fresh)
        try:
            os.link(self._at(name), self._at(fresh))
        except FileNotFoundError:
            raise
        except OSError:
            self._put(fresh, self._at(name), move=False)
        return fresh

    def put_back(self, source: Path, name: str, *, begun: Begun) -> str:
        """Under the same name, with the time of its last change."""
        target = self._at(name)
        if not (target.is_file() and filecmp.cmp(source, target, shallow=False)):
            target.parent.mkdir(parents=True, exist_ok=True)
            self._put(name, source, move=False)
            changed = source.stat().st_mtime_ns
            os.utime(target, ns=(changed, changed))
        return name

    def extend(self, name: str, source: Path, *, start: int, end: int) -> None:
        with source.open("rb") as file, self._at(name).open("r+b") as target:
            file.seek(start)
            target.seek(start)
            while start < end and (part := file.read(min(end - start, COPIED_AT_ONCE))):
                target.write(part)
                start += len(part)

    @contextlib.contextmanager
    def growing(self, name: str, *, patience: float = 0.0) -> Iterator[Growing]:
        file = os.open(self._at(name), os.O_RDWR)
        try:
            lock(file, patience=patience)
            yield _GrowingFile(file)
        finally:
            os.close(file)

    def fetch(self, name: str, folder: Path, *, on_tick: Tick | None = None) -> Path:
        return self._at(name)

    def find(self, name: str) -> Found:
        return find_file(self, name)

    def check(self) -> None:
        place = Path(self.location)
        if not place.exists():
            place.mkdir(parents=True, exist_ok=True)
        if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "can't be read and written", str(place))

    def free_bytes(self) -> int:
        place = Path(self.location)
        with contextlib.suppress(OSError):  # a disk can be too full even for a folder
            place.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(place).free if place.exists() else 0

    def older_than(self, moment: float) -> Iterator[str]:
        root = Path(self.location)
        found = [path for path in root.rglob("*") if path.is_file()] if root.exists() else []
        for path in found:
            with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                if path.stat().st_mtime < moment:
                    yield str(path.relative_to(root))

    def served(self) -> list[Served]:
        return [Served(settings.VIDEO_URL, Path(self.location), "/")]

    def _at(self, name: str) -> Path:
        return Path(self.path(name))

    def _new_name(self, suffix: str) -> str:
        """An unguessable name, with its folder created."""
        token = secrets.token_hex(16)
        name = f"{token[:2]}/{token[2:4]}/{token}{suffix}"
        self._at(name).parent.mkdir(parents=True, exist_ok=True)
        return name

    def _put(self, name: str, source: Path, *, move: bool) -> None:
        """Move or copy a local file to the name, atomically."""
        target = self._at(name)
        part = target.with_name(f"{target.name}.part")
        try:
            if move:
                shutil.move(source, part)
            else:
                shutil.copyfile(source, part)
        except OSError:
            part.unlink(missing_ok=True)  # for example a full disk; remove the partial file
            raise
        os.utime(part)  # reset the mtime: cleanup deletes old unreferenced files
        part.replace(target)


class _GrowingFile(Growing):
    def __init__(self, file: int) -> None:
        self._file = file

    def resume(self, offset: int) -> None:
        if os.fstat(self._file).st_size > offset:
            os.ftruncate(self._file, offset)
        os.lseek(self._file, offset, os.SEEK_SET)

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._file, view) :]

    def sync(self) -> None:
        os.fdatasync(self._file)
