"""The bytes of the protocol, without sockets. Source: tracker/tracker_proto.h and the comments above each request's
function in storage/storage_service.c and tracker/tracker_service.c of FastDFS.

A message is a header (body length 8, command 1, status 1, big-endian) and a body. A reply's command is always 100; a
reply with an error has no body. Groups take 16 bytes, padded with NUL.

Trackers write addresses in fields of 15 bytes (up to 6.10; from 6.15 on unless there are IPv6 storages) or 45 (6.11 to
6.14). In the reply to QUERY_FETCH_ALL the port follows the first address only (up to 6.15) or each (from 6.16). Nothing
in a reply says which: `parse_servers` takes the layout in which every address and every port is valid.
"""

from __future__ import annotations

import errno
import ipaddress
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from utils.fastdfs.errors import BadRequest, Exists, FastDFSError, NoSpace, NotFound, Unavailable
from utils.fastdfs.names import EXTENSION_LENGTH, GROUP_LENGTH, FileId

HEADER = struct.Struct(">QBB")
REPLY = 100
PREFIX_LENGTH = 16  # bytes of what distinguishes a slave file
# of FILE_INFO, in the header's status: don't read a changeable file whole for its CRC-32, don't log that it's missing
QUIET = 1 | 2
METADATA_NAME_BYTES = 64  # the server cuts what is longer, without a word
METADATA_VALUE_BYTES = 256
_ADDRESS_WIDTHS = (15, 45)
_PORT = struct.Struct(">Q")
_RECORD, _FIELD = "\x01", "\x02"


class Command(IntEnum):
    """Commands of the header."""

    UPLOAD = 11
    DELETE = 12
    SET_METADATA = 13
    DOWNLOAD = 14
    GET_METADATA = 15
    UPLOAD_SLAVE = 21
    FILE_INFO = 22
    UPLOAD_APPENDER = 23
    APPEND = 24
    MODIFY = 34
    TRUNCATE = 36
    REGENERATE = 38
    QUERY_STORE_ONE = 101
    QUERY_UPDATE = 103
    QUERY_STORE_IN_GROUP_ONE = 104
    QUERY_FETCH_ALL = 105
    QUERY_STORE_ALL = 106
    QUERY_STORE_IN_GROUP_ALL = 107
    ACTIVE_TEST = 111


@dataclass(frozen=True)
class Address:
    """Where a tracker or storage listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str, *, default_port: int = 22122) -> Address:
        """`host`, `host:port` or `[IPv6]:port`. Raises BadRequest."""
        host, colon, port = text.strip().rpartition(":")
        if not colon or host.endswith(":") or (":" in host and not host.startswith("[")):
            host, port = text.strip(), str(default_port)
        host = host.removeprefix("[").removesuffix("]")
        if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
            raise BadRequest(f"{text!r} is not the address of a tracker.")
        return cls(host, int(port))


@dataclass(frozen=True)
class Store:
    """Storages that accept an upload."""

    group: str
    addresses: tuple[Address, ...]
    path: int  # which of the storage's store paths


@dataclass(frozen=True)
class FileInfo:
    """A storage's reply to FILE_INFO."""

    size_bytes: int
    modified_at_seconds: int  # Unix time, by the storage's clock
    crc32: int | None  # None for appender and slave files: the storage would have to read them
    source: str  # the storage that took the upload


def header(command: int, body_bytes: int, status: int = 0) -> bytes:
    """The ten bytes before a body."""
    return HEADER.pack(body_bytes, command, status)


def group_field(group: str) -> bytes:
    """A group's name as the protocol has it. Raises BadRequest."""
    if not group.isascii() or not group.isalnum() or len(group) > GROUP_LENGTH:
        raise BadRequest(f"{group!r} is not the name of a FastDFS group.")
    return group.encode().ljust(GROUP_LENGTH, b"\0")


def file_field(file_id: FileId) -> bytes:
    """Group and name of a file, as most requests end."""
    return group_field(file_id.group) + file_id.remote_name.encode()


def upload_head(path: int, size_bytes: int, extension: str) -> bytes:
    """What precedes the data of UPLOAD and UPLOAD_APPENDER."""
    return struct.pack(">BQ", path, size_bytes) + _extension_field(extension)


def slave_head(master: FileId, size_bytes: int, prefix: str, extension: str) -> bytes:
    """What precedes the data of UPLOAD_SLAVE."""
    marks = prefix.encode()
    if not 0 < len(marks) <= PREFIX_LENGTH or not prefix.replace("-", "").replace("_", "").isalnum():
        raise BadRequest(f"{prefix!r} can't distinguish a slave file.")
    name = master.remote_name.encode()
    return (
        struct.pack(">QQ", len(name), size_bytes)
        + marks.ljust(PREFIX_LENGTH, b"\0")
        + _extension_field(extension)
        + name
    )


def change_head(file_id: FileId, *figures: int) -> bytes:
    """What precedes the data of APPEND (size), MODIFY (offset, size) and TRUNCATE (new size)."""
    name = file_id.remote_name.encode()
    return struct.pack(f">Q{len(figures)}Q", len(name), *figures) + name


def download_body(file_id: FileId, offset_bytes: int, count_bytes: int) -> bytes:
    """The request for a range; a count of 0 means to the end."""
    return struct.pack(">QQ", offset_bytes, count_bytes) + file_field(file_id)


def metadata_body(file_id: FileId, values: Mapping[str, str], *, merge: bool) -> bytes:
    """The request to replace or merge metadata. Raises BadRequest for what the server would cut or mix up."""
    for name, value in values.items():
        if not 0 < len(name.encode()) <= METADATA_NAME_BYTES or len(value.encode()) > METADATA_VALUE_BYTES:
            raise BadRequest(f"Metadata {name!r} or its value is too long or has no name.")
        if {_RECORD, _FIELD, "\0"} & set(name + value):
            raise BadRequest(f"Metadata {name!r} has a character that FastDFS separates by.")
    packed = _RECORD.join(f"{name}{_FIELD}{value}" for name, value in values.items()).encode()
    lengths = struct.pack(">QQ", len(file_id.remote_name), len(packed))
    return lengths + (b"M" if merge else b"O") + file_field(file_id) + packed


def parse_metadata(body: bytes) -> dict[str, str]:
    """The reply to GET_METADATA."""
    records = (record.partition(_FIELD) for record in body.decode(errors="replace").split(_RECORD))
    return {name: value for name, separator, value in records if separator}


def parse_file_id(body: bytes) -> FileId:
    """The reply to an upload. Raises Unavailable."""
    try:
        return FileId.parse(f"{_text(body[:GROUP_LENGTH])}/{_text(body[GROUP_LENGTH:])}")
    except ValueError as error:
        raise Unavailable(f"A storage stored a file under a name that isn't one: {body[:200]!r}.") from error


def parse_file_info(body: bytes, file_id: FileId) -> FileInfo:
    """The reply to FILE_INFO: size 8, time 8, CRC-32 8, address 16 or 46. Raises Unavailable."""
    if len(body) not in {24 + width + 1 for width in _ADDRESS_WIDTHS}:
        raise Unavailable(f"A storage described {file_id} in {len(body)} bytes.")
    size, modified, _crc32 = struct.unpack(">QQQ", body[:24])
    return FileInfo(size, modified, file_id.crc32, body[24:].rstrip(b"\0").decode("ascii", "replace"))


def parse_store(body: bytes) -> Store:
    """The reply to QUERY_STORE_…: group, addresses with ports, store path. Raises Unavailable."""
    group, addresses = parse_servers(body[:-1])
    return Store(group, addresses, body[-1])


def parse_servers(body: bytes) -> tuple[str, tuple[Address, ...]]:
    """Group and servers of a tracker's reply, in whichever layout it is written. Raises Unavailable."""
    rest = body[GROUP_LENGTH:]
    for width in _ADDRESS_WIDTHS:
        for each_has_port in (True, False):
            try:
                return _text(body[:GROUP_LENGTH]), _addresses(rest, width, each_has_port=each_has_port)
            except ValueError:
                continue
    raise Unavailable(f"A tracker listed servers in {len(body)} bytes that can't be read.")


def _addresses(rest: bytes, width: int, *, each_has_port: bool) -> tuple[Address, ...]:
    """Raises ValueError unless every field is what it should be in this layout."""
    first = width + _PORT.size
    step = first if each_has_port else width
    if len(rest) < first or (len(rest) - first) % step:
        raise ValueError(len(rest))
    port = _PORT.unpack_from(rest, width)[0]
    found = []
    for start in (0, *range(first, len(rest), step)):
        host = str(ipaddress.ip_address(_text(rest[start : start + width])))
        if each_has_port:
            port = _PORT.unpack_from(rest, start + width)[0]
        if not 0 < port < 65536:
            raise ValueError(port)
        found.append(Address(host, port))
    return tuple(found)


def refusal(status: int, what: str) -> FastDFSError:
    """The exception for a reply's status, which is an errno of Linux; `what` is a sentence's subject."""
    match status:
        case errno.ENOENT:
            return NotFound(f"{what}: no such file.")
        case errno.EEXIST:
            return Exists(f"{what}: the file exists already.")
        case errno.EINVAL:
            return BadRequest(f"{what}: the server refused the request as wrong.")
        case errno.ENOSPC:
            return NoSpace(f"{what}: no space left.")
        case _:
            return Unavailable(f"{what}: the server failed with status {status}.")


def _extension_field(extension: str) -> bytes:
    if len(extension) > EXTENSION_LENGTH or not (extension == "" or (extension.isascii() and extension.isalnum())):
        raise BadRequest(f"{extension!r} can't be the extension of a stored file.")
    return extension.encode().ljust(EXTENSION_LENGTH, b"\0")


def _text(field: bytes) -> str:
    """A field padded with NUL. Raises ValueError (UnicodeDecodeError) if anything but ASCII is in it."""
    return field.rstrip(b"\0").decode("ascii")
