"""Videos in FastDFS (decision 0075).

All files are appender files: an empty one is stored first, so that its name can be noted before it holds anything, and
its content is written at offsets, which can be repeated.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import File

from utils.fastdfs.client import Client
from utils.fastdfs.errors import BadRequest, NotFound, Unavailable
from utils.fastdfs.limits import Limits
from utils.fastdfs.names import FileId, extension_of
from utils.fastdfs.protocol import Address, FileInfo, group_field
from utils.fastdfs.storage import FastDFSStorage
from utils.storages.front import Begun, Found, Growing, Served, Tick, VideoStore
from utils.storages.locks import lock_file

PART = 16 * 1024 * 1024  # bytes of a file between two ticks, in one request
GATHERED = 4 * 1024 * 1024  # bytes of an upload that are kept in memory, and then stored in one request
COMPARED = 1024 * 1024  # bytes of two files at once
TRIES = 3  # of storing a file, each where the tracker says: another storage while one is away
OPTIONS = {"paths", "timeout"}


@dataclass(frozen=True)
class FastDFSAddress:
    """`fastdfs://tracker:22122,tracker:22122/group1?paths=/store_path0,/store_path1&timeout=30`.

    `paths` are the folders of store paths M00, M01 … as this machine and nginx see them, if they do. `timeout` is the
    longest wait for a storage, in seconds.
    """

    trackers: list[str]
    group: str
    paths: list[Path]
    timeout: float

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises ImproperlyConfigured."""
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        trackers, group = parts.netloc.split(","), parts.path.strip("/")
        paths = [Path(path) for path in options.get("paths", "").split(",") if path]
        try:
            for tracker in trackers:
                Address.parse(tracker)
            group_field(group)
            timeout = float(options.get("timeout", "30"))
        except ValueError as error:
            raise ImproperlyConfigured(str(error)) from error
        if not group.isalnum() or parts.fragment or not set(options) <= OPTIONS or not timeout > 0:
            raise ImproperlyConfigured(f"{url!r} is not the address of a FastDFS group.")
        if not all(path.is_absolute() for path in paths):
            raise ImproperlyConfigured(f"The paths in {url!r} have to be absolute.")
        return cls(trackers, group, paths, timeout)


class FastDFSStore(VideoStore, FastDFSStorage):
    """The FastDFS group in VIDEO_STORAGE_URL. A file's name is its id; its URL needs a token."""

    unavailable = (Unavailable,)

    def __init__(self) -> None:
        address = FastDFSAddress.parse(settings.VIDEO_STORAGE_URL)
        limits = Limits(
            connect_seconds=min(3.0, address.timeout),
            tracker_seconds=min(5.0, address.timeout),
            io_seconds=address.timeout,
        )
        super().__init__(trackers=address.trackers, group=address.group, base_url=settings.VIDEO_URL, limits=limits)
        self._address = address

    def begin(self, suffix: str) -> str:
        return str(self.client.upload(io.BytesIO(), extension=extension_of(f"x{suffix}"), appender=True))

    def adopt(
        self,
        source: Path,
        *,
        suffix: str = "",
        move: bool = True,
        begun: Begun | None = None,
        on_tick: Tick | None = None,
    ) -> str:
        with source.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            for left in reversed(range(TRIES)):
                name = self.begin(suffix)
                if begun:
                    begun(name)
                try:
                    self._write(name, file, 0, size, on_tick)
                except Unavailable:
                    if not begun:
                        self._discard(name)
                    if not left:
                        raise
                except BaseException:
                    if not begun:
                        self._discard(name)
                    raise
                else:
                    return name
        raise AssertionError("unreachable")

    def duplicate(self, name: str, *, begun: Begun) -> str:
        """Copy it through this process."""
        size = self.client.size_bytes(_id(name))
        fresh = self.begin(PurePosixPath(name).suffix)
        begun(fresh)
        with self.open(name) as file:
            self._write(fresh, file, 0, size, None)
        return fresh

    def put_back(self, source: Path, name: str, *, begun: Begun) -> str:
        """Under another name, unless the group still has the file: FastDFS makes the names."""
        if self._has(name, source):
            return name
        return self.adopt(source, suffix=PurePosixPath(name).suffix, move=False, begun=begun)

    def extend(self, name: str, source: Path, *, start: int, end: int) -> None:
        with source.open("rb") as file:
            self._write(name, file, start, end, None)

    @contextmanager
    def growing(self, name: str, *, patience: float = 0.0) -> Iterator[Growing]:
        """Locked for the machines that share WORK_DIR."""
        lock = hashlib.sha256(name.encode()).hexdigest()[:32]
        with lock_file(Path(settings.WORK_DIR) / "locks" / lock, patience=patience):
            yield _GrowingFile(self.client, _id(name), self._info(name).size_bytes)

    def fetch(self, name: str, folder: Path, *, on_tick: Tick | None = None) -> Path:
        found = self.find(name)
        if found.path:
            return found.path
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        target = folder / f"fetched-{digest}{PurePosixPath(name).suffix}"
        if target.exists():
            return target
        part = folder / f"{target.name}.{secrets.token_hex(4)}"
        try:
            with part.open("wb") as out:
                for piece in self.client.download(_id(name), count_bytes=found.size):
                    out.write(piece)
                    if on_tick:
                        on_tick()
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target

    def find(self, name: str) -> Found:
        info = self._info(name)
        return Found(info.size_bytes, info.modified_at_seconds, self._mounted(_id(name), info.size_bytes))

    def check(self) -> None:
        self.client.check()

    def free_bytes(self) -> None:
        """Unknown: a tracker refuses what doesn't fit."""
        return

    def older_than(self, moment: float) -> Iterator[str]:
        """None: FastDFS lists no files, and the group may hold others' too."""
        return iter(())

    def served(self) -> list[Served]:
        if not self._address.paths:
            raise ImproperlyConfigured("VIDEO_STORAGE_URL has no ?paths=…: the folders of FastDFS that nginx reads.")
        name = r"[0-9A-F][0-9A-F]/[0-9A-F][0-9A-F]/[A-Za-z0-9_-]+\.?[A-Za-z0-9]*"
        return [
            Served(
                f'~ "^{settings.VIDEO_URL}{self._address.group}/M{number:02X}/(?<stored>{name})$"',
                path,
                "/data/$stored",
            )
            for number, path in enumerate(self._address.paths)
        ]

    def _info(self, name: str) -> FileInfo:
        return self.client.info(_id(name))

    def _has(self, name: str, source: Path) -> bool:
        """Whether the group has this file, with the content of the local one."""
        if not name.startswith(f"{self._address.group}/"):
            return False
        try:
            with self.open(name) as stored, source.open("rb") as local:
                if stored.size != source.stat().st_size:
                    return False
                while piece := local.read(COMPARED):
                    if stored.read(COMPARED) != piece:
                        return False
        except (NotFound, BadRequest):  # no such file, or in a store path that no storage has
            return False
        return True

    def _write(self, name: str, source: BinaryIO | File[bytes], start: int, end: int, on_tick: Tick | None) -> None:
        """Write bytes `start` to `end` of a file to the same position of the stored one. Idempotent."""
        file_id = _id(name)
        while start < end:
            count = min(end - start, PART)
            source.seek(start)
            self.client.modify(file_id, source, offset_bytes=start, size_bytes=count)
            start += count
            if on_tick:
                on_tick()

    def _discard(self, name: str) -> None:
        with suppress(Unavailable):
            self.delete(name)

    def _mounted(self, file_id: FileId, size: int) -> Path | None:
        """Where this machine has the whole file, in a store path it sees."""
        if file_id.store_path >= len(self._address.paths):
            return None
        path = self._address.paths[file_id.store_path] / file_id.path_below_store
        try:
            whole = path.stat().st_size == size and os.access(path, os.R_OK)
        except OSError:
            return None
        return path if whole else None


class _GrowingFile(Growing):
    """Gathers bytes, and stores them at their offset."""

    def __init__(self, client: Client, file_id: FileId, size: int) -> None:
        self._client = client
        self._file_id = file_id
        self._size = size
        self._offset = 0
        self._gathered = bytearray()

    def resume(self, offset: int) -> None:
        """What is stored beyond the offset will be overwritten: no upload ends before that."""
        if self._size < offset:
            raise NotFound(f"{self._file_id} has lost what was stored before byte {offset}.")
        self._offset = offset
        self._gathered.clear()

    def write(self, data: bytes) -> None:
        self._gathered += data
        if len(self._gathered) >= GATHERED:
            self.sync()

    def sync(self) -> None:
        if self._gathered:
            self._client.modify(self._file_id, io.BytesIO(self._gathered), offset_bytes=self._offset)
            self._offset += len(self._gathered)
            self._gathered.clear()


def _id(name: str) -> FileId:
    """Raises NotFound for a malformed ID: no such file was ever stored."""
    try:
        return FileId.parse(name)
    except BadRequest as error:
        raise NotFound(str(error)) from error
