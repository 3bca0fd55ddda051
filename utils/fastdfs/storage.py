"""A Django storage on FastDFS. A file's name is its id, which the server creates."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible

from utils.fastdfs.client import Client
from utils.fastdfs.errors import BadRequest, NotFound
from utils.fastdfs.limits import Limits
from utils.fastdfs.names import GROUP_LENGTH, FileId, Kind, extension_of
from utils.fastdfs.protocol import Address

# "/M00/00/00/", 27 base64 characters and 7 of random digits and extension, behind the longest group
ID_LENGTH = GROUP_LENGTH + 11 + 27 + 7


@deconstructible(path="utils.fastdfs.storage.FastDFSStorage")
class FastDFSStorage(Storage):
    """Files in FastDFS, never overwritten or renamed. `save` returns the id; of the name it uses the extension only.

    `trackers` are `host:port`; with an empty `group` the trackers select one; `base_url` is the prefix of URLs.
    """

    def __init__(
        self,
        *,
        trackers: Sequence[str],
        group: str = "",
        base_url: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._trackers = [Address.parse(tracker) for tracker in trackers]
        self._group = group
        self._base_url = base_url
        self._limits = limits

    @cached_property
    def client(self) -> Client:
        """The client, for operations that Django's API lacks."""
        return Client(self._trackers, group=self._group, limits=self._limits)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name itself, since the server creates the id. Raises SuspiciousFileOperation if an id is too long."""
        if max_length is not None and max_length < ID_LENGTH:
            raise SuspiciousFileOperation(f"A FastDFS id takes {ID_LENGTH} characters; the field has {max_length}.")
        return name

    def exists(self, name: str) -> bool:
        """Whether a file with this id is stored; False for any other name."""
        return FileId.looks_like(name) and self.client.exists(FileId.parse(name))

    def delete(self, name: str) -> None:
        """Delete a file; does nothing for a missing file or any other name."""
        if FileId.looks_like(name):
            try:
                self.client.delete(FileId.parse(name))
            except NotFound:
                pass

    def size(self, name: str) -> int:
        return self.client.size_bytes(_stored(name))

    def url(self, name: str | None) -> str:
        if self._base_url is None:
            raise ValueError("This storage has no base_url: its files have no address.")
        return f"{self._base_url.rstrip('/')}/{quote(str(_stored(name or '')))}"

    def get_created_time(self, name: str) -> datetime:
        return _moment(_stored(name).created_at_seconds)

    def get_modified_time(self, name: str) -> datetime:
        file_id = _stored(name)
        if file_id.kind is Kind.NORMAL:
            return _moment(file_id.created_at_seconds)
        return _moment(self.client.info(file_id).modified_at_seconds)

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        if mode != "rb":
            raise ValueError(f"A file in FastDFS can't be opened with mode {mode!r}: it is written once.")
        return File(self.client.open(_stored(name)), name)

    def _save(self, name: str, content: File[Any]) -> str:
        if content.seekable():
            content.seek(0)
        data = io.BytesIO(content.read().encode()) if isinstance(content.file, io.TextIOBase) else content
        return str(self.client.upload(data, extension=extension_of(name)))


def _stored(name: str) -> FileId:
    """The id. Raises NotFound for any other name."""
    try:
        return FileId.parse(name)
    except BadRequest as error:
        raise NotFound(str(error)) from error


def _moment(unix_seconds: int) -> datetime:
    return datetime.fromtimestamp(unix_seconds, UTC if settings.USE_TZ else None)
