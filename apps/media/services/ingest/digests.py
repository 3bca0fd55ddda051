"""Hashes of a file, taken as its bytes pass by."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from concurrent.futures import Executor, ThreadPoolExecutor
from threading import Lock
from typing import Protocol

CHUNK = 1024 * 1024  # bytes read at a time
KEPT = 64  # interrupted files whose hashes a process keeps


class Readable(Protocol):
    """A file opened in binary mode."""

    def read(self, size: int, /) -> bytes: ...


class Digests:
    """SHA-256 and MD5 of the first `length` bytes of a file."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.length = 0

    def update(self, data: bytes, other: Executor | None = None) -> None:
        """Take in more bytes, with the help of another thread if there is one: hashlib lets both run."""
        if other:
            second = other.submit(self._md5.update, data)
            self._sha256.update(data)
            second.result()
        else:
            self._sha256.update(data)
            self._md5.update(data)
        self.length += len(data)

    def copy(self) -> Digests:
        """An independent copy of the state."""
        twin = Digests()
        twin._sha256, twin._md5, twin.length = self._sha256.copy(), self._md5.copy(), self.length
        return twin

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    @property
    def md5(self) -> str:
        return self._md5.hexdigest()


def digest(file: Readable) -> Digests:
    """The hashes of all that is left in `file`, read in pieces, on two processors where there are two."""
    found = Digests()
    with ThreadPoolExecutor(1) as other:
        while data := file.read(CHUNK):
            found.update(data, other)
    return found


class DigestCache:
    """The hashes of files that this process has seen the beginning of, so that the rest can be added.

    The state of a hash can't be stored: what isn't here any more is read once from the disk instead.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Digests] = OrderedDict()
        self._lock = Lock()

    def take(self, key: Hashable, length: int) -> Digests | None:
        """The hashes of exactly the first `length` bytes, if they are known."""
        with self._lock:
            found = self._kept.pop(key, None)
        if length == 0:
            return Digests()
        return found if found is not None and found.length == length else None

    def keep(self, key: Hashable, digests: Digests) -> None:
        """Remember how far the hashes of a file are; those kept longest are forgotten beyond KEPT."""
        with self._lock:
            self._kept[key] = digests
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
