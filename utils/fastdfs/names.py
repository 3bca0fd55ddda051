"""File ids, such as `group1/M00/02/44/wKgDrE34E8wAAAAAAAAGkEIYJK42378.mp4`, and the values encoded in them.

A storage makes the name: `M`, its store path as two hex digits, two folders, 27 base64 characters, 7 characters of
random digits and extension (storage_gen_filename and storage_format_ext_name in storage/storage_service.c of FastDFS
6.16). The 27 characters hold four big-endian fields: address 4, time 4, size 8, CRC-32 4; fdfs_get_file_info_ex in
client/storage_client.c reads them.
"""

from __future__ import annotations

import base64
import ipaddress
import re
import struct
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import PurePosixPath

from utils.fastdfs.errors import BadRequest

GROUP_LENGTH = 16  # characters, at most
EXTENSION_LENGTH = 6  # characters, at most, without the dot
ID_LENGTH = 128  # characters of a remote name, below; the server's buffers
_FIELDS = struct.Struct(">4sIQI")
_NAME_START = 10  # characters of "M00/00/00/"
_ENCODED = 27  # base64 characters, without padding
_PLAIN_LENGTH = _NAME_START + _ENCODED + EXTENSION_LENGTH + 1  # FDFS_NORMAL_LOGIC_FILENAME_LENGTH
_TRUNK_LENGTH = _PLAIN_LENGTH + 16  # FDFS_TRUNK_LOGIC_FILENAME_LENGTH: the place in the trunk file follows
_MASKED = 1 << 63  # the upper half of the size is random
_TRUNK = 1 << 59
_APPENDER = 1 << 58
_GREATEST_SERVER_ID = (1 << 24) - 1
_SHAPE = re.compile(r"([A-Za-z0-9]{1,16})/(M[0-9A-F]{2}/[0-9A-F]{2}/[0-9A-F]{2}/[\w-]{27}[\w.-]{7,})", re.ASCII)
_METADATA_SUFFIX = "-m"  # of the file in which a storage keeps metadata beside the file itself


class Kind(Enum):
    """The kind of a file, as encoded in its name."""

    NORMAL = "normal"
    APPENDER = "appender"  # can be changed, at its source storage only
    SLAVE = "slave"  # named after a master file, whose fields it carries


@dataclass(frozen=True)
class FileId:
    """A stored file: its group, and its name in there."""

    group: str
    remote_name: str  # "M00/02/44/wKgD….mp4"

    def __str__(self) -> str:
        return f"{self.group}/{self.remote_name}"

    @classmethod
    def parse(cls, text: str) -> FileId:
        """The id in `text`. Raises BadRequest for any other text, so that none is sent to a server."""
        match = _SHAPE.fullmatch(text)
        if not match or len(match[2]) >= ID_LENGTH or match[2].endswith(_METADATA_SUFFIX):
            raise BadRequest(f"{text[:200]!r} is not the id of a FastDFS file.")
        return cls(match[1], match[2])

    @classmethod
    def looks_like(cls, text: str) -> bool:
        """Whether `text` has the form of an id."""
        try:
            cls.parse(text)
        except BadRequest:
            return False
        return True

    @cached_property
    def _fields(self) -> tuple[bytes, int, int, int]:
        encoded = self.remote_name[_NAME_START : _NAME_START + _ENCODED]
        fields: tuple[bytes, int, int, int] = _FIELDS.unpack(base64.urlsafe_b64decode(f"{encoded}="))
        return fields

    @property
    def kind(self) -> Kind:
        size = self._fields[2]
        if size & _APPENDER:
            return Kind.APPENDER
        if len(self.remote_name) > (_TRUNK_LENGTH if size & _TRUNK else _PLAIN_LENGTH):
            return Kind.SLAVE
        return Kind.NORMAL

    @property
    def size_bytes(self) -> int | None:
        """The size of a normal file; None for other kinds, whose size only a server knows."""
        if self.kind is not Kind.NORMAL:
            return None
        size = self._fields[2]
        return size & 0xFFFFFFFF if size & _MASKED else size

    @property
    def crc32(self) -> int | None:
        """The CRC-32 of a normal file; None for other kinds."""
        return self._fields[3] if self.kind is Kind.NORMAL else None

    @property
    def created_at_seconds(self) -> int:
        """Unix time by the storage's clock; of a slave file, its master's."""
        return self._fields[1]

    @property
    def source(self) -> str:
        """The storage that took the upload: its IPv4 address, or its number where storages are known by ids."""
        number = int.from_bytes(self._fields[0], "little")
        if 0 < number <= _GREATEST_SERVER_ID:  # fdfs_get_server_id_type
            return str(number)
        return str(ipaddress.IPv4Address(self._fields[0]))

    @property
    def store_path(self) -> int:
        """The number of the storage's `store_path…` setting."""
        return int(self.remote_name[1:3], 16)

    @property
    def path_below_store(self) -> PurePosixPath:
        """The file's path below that folder on the storages' disks; not valid for trunk files."""
        return PurePosixPath("data") / self.remote_name[4:]


def extension_of(file_name: str) -> str:
    """The extension to store a file under: "mp4" for "Film.MP4", "" where a storage wouldn't accept it."""
    extension = PurePosixPath(file_name).suffix[1:].lower()
    return extension if re.fullmatch(rf"[a-z0-9]{{1,{EXTENSION_LENGTH}}}", extension) else ""
