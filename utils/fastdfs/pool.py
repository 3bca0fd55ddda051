"""A connection pool, thread-safe and fork-safe."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from utils.fastdfs.connection import Connection
from utils.fastdfs.limits import Limits
from utils.fastdfs.protocol import Address


class _Kept:
    """Idle connections of one process. A forked child starts with none: it may have inherited a held lock."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.lock = threading.Lock()
        self.idle: defaultdict[Address, list[Connection]] = defaultdict(list)


class Pool:
    """Idle connections per server. A connection is kept only if its last exchange was completed."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._kept = _Kept()

    @contextmanager
    def connection(self, address: Address) -> Iterator[Connection]:
        """A connection for one exchange. Raises Unavailable."""
        connection = self._take(address) or Connection(address, self.limits)
        try:
            yield connection
        finally:
            self._give_back(connection)

    def close(self) -> None:
        """Close what is idle; the pool can be used on."""
        kept, self._kept = self._kept, _Kept()
        if kept.process == os.getpid():
            for connections in kept.idle.values():
                for connection in connections:
                    connection.close()

    def idle_count(self, address: Address) -> int:
        """Connections kept for a server."""
        kept = self._mine()
        with kept.lock:
            return len(kept.idle[address])

    def _mine(self) -> _Kept:
        kept = self._kept
        if kept.process != os.getpid():
            kept = self._kept = _Kept()
        return kept

    def _take(self, address: Address) -> Connection | None:
        """The most recently used one that is still usable; closes the stale ones it meets."""
        kept = self._mine()
        stale: list[Connection] = []
        found = None
        with kept.lock:
            idle = kept.idle[address]
            while idle and found is None:
                connection = idle.pop()
                fresh = time.monotonic() - connection.idle_since < self.limits.idle_seconds
                if fresh and connection.is_quiet():
                    found = connection
                else:
                    stale.append(connection)
        for connection in stale:
            connection.close()
        return found

    def _give_back(self, connection: Connection) -> None:
        if connection.reusable:
            connection.idle_since = time.monotonic()
            kept = self._mine()
            with kept.lock:
                idle = kept.idle[connection.address]
                if len(idle) < self.limits.idle_connections:
                    idle.append(connection)
                    return
        connection.close()
