"""The operations on files, thread-safe and fork-safe."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from utils.fastdfs.cluster import Cluster
from utils.fastdfs.download import Replicas
from utils.fastdfs.errors import BadRequest, NoSpace, NotFound, Unavailable
from utils.fastdfs.lazy import buffered
from utils.fastdfs.limits import Limits
from utils.fastdfs.names import FileId
from utils.fastdfs.payload import Payload, Readable
from utils.fastdfs.pool import Pool
from utils.fastdfs.protocol import (
    QUIET,
    Address,
    Command,
    FileInfo,
    change_head,
    file_field,
    metadata_body,
    parse_file_id,
    parse_file_info,
    parse_metadata,
    slave_head,
    upload_head,
)

T = TypeVar("T")


class Client:
    """A FastDFS cluster. Uploads are stored in `group`, or in the group that the tracker selects.

    Methods raise the exceptions in `errors`; Unavailable only after every suitable server was tried.
    """

    def __init__(self, trackers: Sequence[Address], *, group: str = "", limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._pool = Pool(self._limits)
        self._cluster = Cluster(trackers, group=group, pool=self._pool, limits=self._limits)

    def close(self) -> None:
        """Close idle connections; the client remains usable."""
        self._pool.close()

    def check(self) -> None:
        """Ask a tracker for a storage that takes uploads. Raises NoSpace, Unavailable."""
        next(self._cluster.stores())

    # --- Storing ---

    def upload(
        self, source: Readable, *, extension: str = "", size_bytes: int | None = None, appender: bool = False
    ) -> FileId:
        """Store the rest of a file, or its next `size_bytes`, and return its id. An appender file can be changed later.

        If a storage fails and the source is seekable, the upload is repeated on another one. A storage that failed
        after the last byte may keep an orphaned copy.
        """
        payload = Payload(source, size_bytes)
        command = Command.UPLOAD_APPENDER if appender else Command.UPLOAD
        reason: NoSpace | Unavailable | None = None
        for address, path in self._cluster.stores():
            payload.rewind()
            try:
                head = upload_head(path, payload.size_bytes, extension)
                return parse_file_id(self._exchange(address, command, head, payload=payload))
            except NoSpace as error:
                reason = reason or error
            except (NotFound, Unavailable) as error:  # not found: the store path, a fault of the server
                self._cluster.failed(address)
                reason = Unavailable(f"{address} can't store files: {error}")
            if not payload.repeatable:
                break
        raise reason or Unavailable("No storage is known.")

    def upload_slave(self, master: FileId, source: Readable, *, prefix: str, extension: str = "") -> FileId:
        """Store a file under the name of another one with `prefix` appended. Raises Exists."""
        payload = Payload(source)
        head = slave_head(master, payload.size_bytes, prefix, extension)
        return parse_file_id(self._at_source(master, Command.UPLOAD_SLAVE, head, payload=payload))

    # --- Changing appender files, at their source only ---

    def append(self, file_id: FileId, source: Readable, *, size_bytes: int | None = None) -> None:
        """Append. After Unavailable the data may or may not be there; `modify` at the known size can be repeated."""
        payload = Payload(source, size_bytes)
        head = change_head(file_id, payload.size_bytes)
        self._at_source(file_id, Command.APPEND, head, payload=payload)

    def modify(self, file_id: FileId, source: Readable, *, offset_bytes: int, size_bytes: int | None = None) -> None:
        """Write at an offset; at the end of the file it appends. Idempotent. Raises BadRequest past the end."""
        payload = Payload(source, size_bytes)
        head = change_head(file_id, offset_bytes, payload.size_bytes)
        self._at_source(file_id, Command.MODIFY, head, payload=payload)

    def truncate(self, file_id: FileId, size_bytes: int) -> None:
        """Set the size; a longer file is filled with zeros."""
        self._at_source(file_id, Command.TRUNCATE, change_head(file_id, size_bytes))

    def regenerate(self, file_id: FileId) -> FileId:
        """Make an appender file a normal one. Returns its new id; the old one is gone.

        Waits while the storage computes the CRC-32 of the file. After Unavailable the new id may be lost.
        """
        reading = self.info(file_id).size_bytes / self._limits.checksum_bytes_per_second
        name = file_id.remote_name.encode()
        return parse_file_id(self._at_source(file_id, Command.REGENERATE, name, extra_seconds=reading))

    # --- Deleting ---

    def delete(self, file_id: FileId) -> None:
        """Delete a file and its metadata; replicas follow shortly. Raises NotFound if no server has it."""
        self._first(self._cluster.holders(file_id), lambda at: self._exchange(at, Command.DELETE, file_field(file_id)))

    # --- Asking ---

    def info(self, file_id: FileId) -> FileInfo:
        """A file's size and modification time."""
        return self._first(self._cluster.replicas(file_id), lambda at: self._info(at, file_id))

    def exists(self, file_id: FileId) -> bool:
        """Whether any server has the file. Raises Unavailable if that is unknown."""
        try:
            self.info(file_id)
        except NotFound:
            return False
        return True

    def metadata(self, file_id: FileId) -> dict[str, str]:
        """A file's metadata, {} if it has none; from its source, or another storage while the source is down."""
        values = self._first(self._cluster.holders(file_id), lambda at: self._metadata(at, file_id))
        if not values:
            self.info(file_id)  # raises if the file itself is missing
        return values

    def set_metadata(self, file_id: FileId, values: Mapping[str, str], *, merge: bool = False) -> None:
        """Replace a file's metadata, or add to it: at most 64 bytes a name, 256 a value."""
        body = metadata_body(file_id, values, merge=merge)
        self._first(self._cluster.holders(file_id), lambda at: self._exchange(at, Command.SET_METADATA, body))

    # --- Reading ---

    def download(self, file_id: FileId, *, offset_bytes: int = 0, count_bytes: int | None = None) -> Iterator[bytes]:
        """The file, or a range of it, in pieces of at most 256 KiB; less at the end of the file, nothing past it.

        When a storage fails, another one continues at the same byte. Close the iterator to stop early. An appender file
        is read up to its size at the start.
        """
        if offset_bytes < 0 or (count_bytes is not None and count_bytes < 0):
            raise BadRequest(f"There is no range of {count_bytes} bytes at {offset_bytes}.")
        size = self.size_bytes(file_id)
        end = size if count_bytes is None else min(size, offset_bytes + count_bytes)
        if offset_bytes >= end:  # a server would call it a wrong request
            self.info(file_id)
            return iter(())
        return Replicas(self._cluster, self._pool, file_id).pieces(offset_bytes, end)

    def open(self, file_id: FileId) -> io.BufferedReader:
        """A seekable file, downloaded as it is read; the first read raises NotFound if it is missing."""
        return buffered(Replicas(self._cluster, self._pool, file_id), self.size_bytes(file_id))

    def size_bytes(self, file_id: FileId) -> int:
        """A file's size: from the id if it can't change, else from a server."""
        size = file_id.size_bytes
        return self.info(file_id).size_bytes if size is None else size

    # --- One exchange ---

    def _info(self, address: Address, file_id: FileId) -> FileInfo:
        return parse_file_info(self._exchange(address, Command.FILE_INFO, file_field(file_id), flags=QUIET), file_id)

    def _metadata(self, address: Address, file_id: FileId) -> dict[str, str]:
        try:
            return parse_metadata(self._exchange(address, Command.GET_METADATA, file_field(file_id)))
        except NotFound:  # the metadata, or the file
            return {}

    def _at_source(
        self,
        file_id: FileId,
        command: Command,
        head: bytes,
        *,
        payload: Payload | None = None,
        extra_seconds: float = 0.0,
    ) -> bytes:
        address = self._cluster.source(file_id)
        try:
            return self._exchange(address, command, head, payload=payload, extra_seconds=extra_seconds)
        except Unavailable:
            self._cluster.failed(address)
            raise

    def _exchange(
        self,
        address: Address,
        command: Command,
        head: bytes,
        *,
        payload: Payload | None = None,
        flags: int = 0,
        extra_seconds: float = 0.0,
    ) -> bytes:
        """A request and its short reply."""
        with self._pool.connection(address) as connection:
            connection.request(command, head, payload_bytes=payload.size_bytes if payload else 0, flags=flags)
            if payload:
                payload.send(connection)
            return connection.reply(self._limits.io_seconds + extra_seconds)

    def _first(self, addresses: Iterable[Address], call: Callable[[Address], T]) -> T:
        """The first successful result. Raises NotFound only if every server says so."""
        unavailable: Unavailable | None = None
        missing: NotFound | None = None
        for address in addresses:
            try:
                return call(address)
            except NotFound as error:
                missing = error
            except Unavailable as error:
                self._cluster.failed(address)
                unavailable = error
        raise unavailable or missing or Unavailable("No storage is known.")
