"""The storages of the double: requests about files, and the files on disk."""

from __future__ import annotations

import base64
import itertools
import random
import re
import socket
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fastdfs.node import EEXIST, EINVAL, ENOENT, ENOSPC, PIECE, Node, Refused, Request

if TYPE_CHECKING:
    from tests.fastdfs.server import FastDFS

GROUP = "group1"
APPENDER = 1 << 58


def encoded_name(host: str, size: int, crc32: int, extension: str, *, appender: bool = False) -> str:
    """As storage_gen_filename makes it: 27 characters, and 7 of random digits and extension."""
    if appender:
        size = random.getrandbits(23) << 32 | 1 << 63 | APPENDER
    elif size < 1 << 32:
        size |= random.getrandbits(23) << 32 | 1 << 63
    fields = socket.inet_aton(host) + struct.pack(">IQI", int(time.time()), size, crc32)
    digits = 6 - len(extension) if extension else 7
    tail = "".join(random.choices("0123456789", k=digits)) + (f".{extension}" if extension else "")
    return base64.urlsafe_b64encode(fields).decode().rstrip("=") + tail


def is_appender(name: str) -> bool:
    return bool(struct.unpack(">Q", base64.urlsafe_b64decode(f"{name[10:37]}=")[8:16])[0] & APPENDER)


def source_of(name: str) -> str:
    return socket.inet_ntoa(base64.urlsafe_b64decode(f"{name[10:37]}=")[:4])


class Storage(Node):
    """One storage of the group."""

    def __init__(self, cluster: FastDFS, host: str, folder: Path, *, paths: int) -> None:
        self.cluster = cluster
        self.store_paths = [folder / f"store_path{number}" for number in range(paths)]
        self.full = False
        self._folders = itertools.count()
        for path in self.store_paths:
            (path / "data").mkdir(parents=True)
        self._answers: dict[int, Callable[[Request], None]] = {
            11: self._upload,
            12: self._delete,
            13: self._set_metadata,
            14: self._download,
            15: self._metadata,
            21: self._upload_slave,
            22: self._info,
            23: self._upload,
            24: self._append,
            34: self._modify,
            36: self._truncate,
            38: self._regenerate,
        }
        super().__init__(host)

    def serve(self, request: Request) -> None:
        if request.command not in self._answers:
            raise Refused(EINVAL)
        self._answers[request.command](request)

    def path(self, name: str) -> Path:
        """Where a file lies, whether it is there or not."""
        match = re.fullmatch(r"M([0-9A-F]{2})/([0-9A-F]{2}/[0-9A-F]{2}/[^/]{7,})", name)
        if not match or int(match[1], 16) >= len(self.store_paths):
            raise Refused(EINVAL)
        return self.store_paths[int(match[1], 16)] / "data" / match[2]

    def files(self) -> dict[str, bytes]:
        """Everything on the disk, by path below the store path."""
        return {
            str(path.relative_to(root)): path.read_bytes()
            for root in self.store_paths
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }

    # --- Requests ---

    def _upload(self, request: Request) -> None:
        number, size = struct.unpack(">BQ", request.take(9))
        extension = request.take(6).rstrip(b"\0").decode()
        if size != request.left or number >= len(self.store_paths) or not re.fullmatch(r"[\w.-]*", extension):
            raise Refused(EINVAL)
        if self.full:
            raise Refused(ENOSPC)
        turn = next(self._folders)
        folder = f"M{number:02X}/{turn // 256 % 256:02X}/{turn % 256:02X}"
        part = self.path(f"{folder}/uploading{turn}")
        crc32 = self._write(request, part)
        name = f"{folder}/{encoded_name(self.host, size, crc32, extension, appender=request.command == 23)}"
        part.rename(self.path(name))
        self._stored(request, name)

    def _upload_slave(self, request: Request) -> None:
        length, size = request.numbers(2)
        prefix = request.take(16).rstrip(b"\0").decode()
        extension = request.take(6).rstrip(b"\0").decode()
        master = request.take(length).decode()
        if size != request.left or not prefix:
            raise Refused(EINVAL)
        self._existing(master)
        name = master[: master.rindex(".")] if "." in master[-7:] else master
        name += prefix + (f".{extension}" if extension else "")
        if self.path(name).exists():
            raise Refused(EEXIST)
        self._write(request, self.path(name))
        self._stored(request, name)

    def _write(self, request: Request, path: Path) -> int:
        """Write a body as it comes; nothing stays of one that ends early. Returns its CRC-32."""
        path.parent.mkdir(parents=True, exist_ok=True)
        crc32 = 0
        try:
            with path.open("wb") as file:
                for piece in request.pieces():
                    file.write(piece)
                    crc32 = zlib.crc32(piece, crc32)
        except BaseException:  # whatever cut it off, half a file stays nowhere
            path.unlink()
            raise
        return crc32

    def _stored(self, request: Request, name: str) -> None:
        self.cluster.replicate(self, name)
        request.line.reply(GROUP.encode().ljust(16, b"\0") + name.encode())

    def _named(self, request: Request) -> str:
        if request.group() != GROUP:
            raise Refused(EINVAL)
        return request.rest().decode()

    def _existing(self, name: str) -> Path:
        path = self.path(name)
        if not path.is_file():
            raise Refused(ENOENT)
        return path

    def _download(self, request: Request) -> None:
        offset, count = request.numbers(2)
        path = self._existing(self._named(request))
        size = path.stat().st_size
        if offset >= size:
            raise Refused(EINVAL)
        count = min(count or size, size - offset)
        request.line.reply(length=count)
        with path.open("rb") as file:
            file.seek(offset)
            while count:
                piece = file.read(min(PIECE, count))
                request.line.send(piece)
                count -= len(piece)

    def _info(self, request: Request) -> None:
        name = self._named(request)
        path = self._existing(name)
        stat = path.stat()
        crc32 = 0 if request.flags & 1 else zlib.crc32(path.read_bytes())
        host = self.host.encode().ljust(self.cluster.address_width + 1, b"\0")
        request.line.reply(struct.pack(">QQQ", stat.st_size, int(stat.st_mtime), crc32) + host)

    def _delete(self, request: Request) -> None:
        name = self._named(request)
        path = self._existing(name)
        path.unlink()
        path.with_name(f"{path.name}-m").unlink(missing_ok=True)
        self.cluster.replicate(self, name)
        request.line.reply()

    def _changed(self, request: Request, length: int) -> tuple[str, Path]:
        """The name and path of the appender file that a request is about."""
        name = request.take(length).decode()
        path = self._existing(name)
        if length < 44 or not is_appender(name):
            raise Refused(EINVAL)
        return name, path

    def _append(self, request: Request) -> None:
        length, size = request.numbers(2)
        name, path = self._changed(request, length)
        self._fill(request, name, path, path.stat().st_size, size)

    def _modify(self, request: Request) -> None:
        length, offset, size = request.numbers(3)
        name, path = self._changed(request, length)
        if offset > path.stat().st_size:
            raise Refused(EINVAL)
        self._fill(request, name, path, offset, size)

    def _fill(self, request: Request, name: str, path: Path, offset: int, size: int) -> None:
        if size != request.left:
            raise Refused(EINVAL)
        if self.full:
            raise Refused(ENOSPC)
        with path.open("r+b") as file:
            file.seek(offset)
            for piece in request.pieces():
                file.write(piece)
        self.cluster.replicate(self, name)
        request.line.reply()

    def _truncate(self, request: Request) -> None:
        length, size = request.numbers(2)
        name, path = self._changed(request, length)
        with path.open("r+b") as file:
            file.truncate(size)
        self.cluster.replicate(self, name)
        request.line.reply()

    def _regenerate(self, request: Request) -> None:
        name, path = self._changed(request, request.left)
        content = path.read_bytes()
        extension = name[-6:].partition(".")[2]
        fresh = name[:10] + encoded_name(self.host, len(content), zlib.crc32(content), extension)
        path.rename(self.path(fresh))
        self.cluster.replicate(self, name)
        self._stored(request, fresh)

    def _set_metadata(self, request: Request) -> None:
        length, size = request.numbers(2)
        mode = request.take(1)
        if request.group() != GROUP or mode not in {b"O", b"M"}:
            raise Refused(EINVAL)
        name = request.take(length).decode()
        values = request.take(size)
        if request.left:
            raise Refused(EINVAL)
        path = self._existing(name)
        beside = path.with_name(f"{path.name}-m")
        records = dict(record.split(b"\x02") for record in values.split(b"\x01") if record)
        if mode == b"M" and beside.exists():
            records = dict(record.split(b"\x02") for record in beside.read_bytes().split(b"\x01")) | records
        beside.write_bytes(b"\x01".join(key + b"\x02" + records[key] for key in sorted(records)))
        if not records:
            beside.unlink()
        self.cluster.replicate(self, f"{name}-m")
        request.line.reply()

    def _metadata(self, request: Request) -> None:
        name = self._named(request)
        self._existing(name)
        request.line.reply(self._existing(f"{name}-m").read_bytes())
