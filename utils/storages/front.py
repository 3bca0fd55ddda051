"""What the site asks of its storage of videos: originals, renditions, subtitles and storyboards.

The storage makes every name, and never uses one twice. Whoever stores a file can note its name in `begun`, which is
called before any content is stored: a process that dies leaves nothing that can't be found (decision 0075).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from django.core.files.base import File
from django.core.files.storage import Storage

Tick = Callable[[], object]  # called now and then during a transfer; what it raises ends the transfer
Begun = Callable[[str], object]  # called with a name before content is stored under it


class Locked(Exception):
    """Another request writes to this file."""


@dataclass(frozen=True)
class Found:
    """A stored file: its size in bytes, when it was changed (Unix seconds), and its path if this machine has it."""

    size: int
    changed: int
    path: Path | None = None


class Findable(Protocol):
    """A storage whose files can be served."""

    def find(self, name: str) -> Found:
        """A stored file's size and age. Raises OSError, and ValueError for what can't be a name."""

    def open(self, name: str, mode: str = "rb") -> File[Any]:
        """The file, to be read at any position."""


@dataclass(frozen=True)
class Served:
    """Files that nginx serves itself: the pattern of a `location`, their folder, and the pattern of names in it."""

    location: str
    folder: Path
    names: str = ""


class Growing(ABC):
    """A stored file that bytes are added to, locked for one request."""

    @abstractmethod
    def resume(self, offset: int) -> None:
        """Continue at `offset`: what a request that died stored beyond it doesn't count."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Add bytes, which may stay in memory until `sync`."""

    @abstractmethod
    def sync(self) -> None:
        """Store everything written, as safely as the storage can."""


class VideoStore(Storage, ABC):
    """A storage of videos. Reading raises FileNotFoundError, every method OSError; `unavailable` may pass later."""

    unavailable: ClassVar[tuple[type[BaseException], ...]] = ()

    @abstractmethod
    def begin(self, suffix: str) -> str:
        """Store an empty file that can grow; returns its name."""

    @abstractmethod
    def adopt(
        self,
        source: Path,
        *,
        suffix: str = "",
        move: bool = True,
        begun: Begun | None = None,
        on_tick: Tick | None = None,
    ) -> str:
        """Store a finished local file; returns its name. With `move` the storage may take the local file.

        `begun` may be called for several names; those that aren't returned are to be deleted.
        """

    @abstractmethod
    def duplicate(self, name: str, *, begun: Begun) -> str:
        """Store the content of a stored file under a second name, and return it."""

    @abstractmethod
    def put_back(self, source: Path, name: str, *, begun: Begun) -> str:
        """Store what a backup holds of the file with this name, unless it is there; returns its name from now on.

        `begun` may be called for several names; those that aren't returned are to be deleted.
        """

    @abstractmethod
    def extend(self, name: str, source: Path, *, start: int, end: int) -> None:
        """Write bytes `start` to `end` of a local file to the same position of a file that can grow. Idempotent."""

    @abstractmethod
    def growing(self, name: str, *, patience: float = 0.0) -> AbstractContextManager[Growing]:
        """A file that can grow, locked. Raises Locked after `patience` seconds."""

    @abstractmethod
    def fetch(self, name: str, folder: Path, *, on_tick: Tick | None = None) -> Path:
        """A local path of the stored file, to read: where it is stored, else a copy in `folder`, made once."""

    @abstractmethod
    def find(self, name: str) -> Found:
        """A stored file's size and age. Raises ValueError for what can't be a name."""

    @abstractmethod
    def check(self) -> None:
        """Return if files can be read and stored. Raises OSError."""

    @abstractmethod
    def free_bytes(self) -> int | None:
        """Room for files; None if only storing tells."""

    @abstractmethod
    def older_than(self, moment: float) -> Iterator[str]:
        """Names of files last changed before a Unix time, of a storage whose files are all this site's and listed."""

    @abstractmethod
    def served(self) -> list[Served]:
        """What nginx serves, for its configuration. Raises ImproperlyConfigured if nginx can't."""
