"""A stored file as a seekable Python file object."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from utils.fastdfs.download import Replicas
from utils.fastdfs.limits import PIECE_BYTES

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class LazyFile(io.RawIOBase):
    """Read-only. It holds no connection between reads, so it can stay open for long, and be used after a fork."""

    def __init__(self, replicas: Replicas, size_bytes: int) -> None:
        self._replicas = replicas
        self._size = size_bytes
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        bases = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}
        if whence not in bases or bases[whence] + offset < 0:
            raise ValueError(f"There is no position {offset} from {whence}.")
        self._position = bases[whence] + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        end = min(self._position + min(len(view), PIECE_BYTES), self._size)
        count = 0
        for piece in self._replicas.pieces(self._position, end):
            view[count : count + len(piece)] = piece
            count += len(piece)
        self._position += count
        return count

    def readall(self) -> bytes:
        data = b"".join(self._replicas.pieces(self._position, self._size))
        self._position += len(data)
        return data


def buffered(replicas: Replicas, size_bytes: int) -> io.BufferedReader:
    """A lazy file that downloads one piece at a time."""
    return io.BufferedReader(LazyFile(replicas, size_bytes), PIECE_BYTES)
