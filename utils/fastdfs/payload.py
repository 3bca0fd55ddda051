"""The data of an upload, read in pieces, and again from its start when another server has to be tried."""

from __future__ import annotations

import io
from typing import Protocol, runtime_checkable

from utils.fastdfs.connection import Connection
from utils.fastdfs.errors import BadRequest
from utils.fastdfs.limits import PIECE_BYTES


class Readable(Protocol):
    """What an upload needs of a file opened in binary mode."""

    def read(self, size: int, /) -> bytes: ...


@runtime_checkable
class _Seekable(Protocol):
    """A file whose size can be found, and which can be read again."""

    def seekable(self) -> bool: ...

    def seek(self, offset: int, whence: int = 0, /) -> object: ...

    def tell(self) -> int: ...


class Payload:
    """The next `size_bytes` of a file, or all that is left of it. Raises BadRequest if the size is unknown."""

    def __init__(self, source: Readable, size_bytes: int | None = None) -> None:
        self._source = source
        self._begun = False
        self._seekable = source if isinstance(source, _Seekable) and source.seekable() else None
        self._start = 0 if self._seekable is None else self._seekable.tell()  # a Django file without a name is false
        if size_bytes is None and self._seekable is not None:
            self._seekable.seek(0, io.SEEK_END)
            size_bytes = max(0, self._seekable.tell() - self._start)
            self.rewind()
        if size_bytes is None or size_bytes < 0:
            raise BadRequest("The size of what is to be uploaded has to be known.")
        self.size_bytes = size_bytes

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent from its start, now or once more."""
        return self._seekable is not None or not self._begun

    def rewind(self) -> None:
        """Return to the start, if the file is seekable."""
        if self._seekable is not None:
            self._seekable.seek(self._start)

    def send(self, connection: Connection) -> None:
        """Send it all. Exceptions of the source pass through; raises BadRequest if it ends early."""
        left = self.size_bytes
        while left:
            self._begun = True
            piece = self._source.read(min(left, PIECE_BYTES))
            if not piece or len(piece) > left:
                raise BadRequest(f"The source ended {left} bytes early, or gave more than it was asked for.")
            connection.send(piece)
            left -= len(piece)
