"""Tracker queries: storages for an upload, replicas of a file. Servers that failed recently come last."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

from utils.fastdfs.errors import BadRequest, FastDFSError, NotFound, Unavailable
from utils.fastdfs.limits import Limits
from utils.fastdfs.names import FileId
from utils.fastdfs.pool import Pool
from utils.fastdfs.protocol import (
    Address,
    Command,
    Store,
    file_field,
    group_field,
    parse_servers,
    parse_store,
)


class Cluster:
    """Queries the trackers in the given order; thread-safe."""

    def __init__(self, trackers: Sequence[Address], *, group: str, pool: Pool, limits: Limits) -> None:
        if not trackers:
            raise BadRequest("FastDFS needs the address of a tracker.")
        self._trackers = tuple(trackers)
        self._group = group_field(group) if group else b""
        self._pool = pool
        self._limits = limits
        # by time.monotonic(); single writes and reads, which need no lock that a fork could inherit held
        self._failed_at: dict[Address, float] = {}

    def failed(self, address: Address) -> None:
        """Record a server's failure."""
        self._failed_at[address] = time.monotonic()

    def stores(self) -> Iterator[tuple[Address, int]]:
        """(storage, store path) for an upload: the tracker's choice, then the others. Raises NoSpace, Unavailable."""
        one, every = (
            (Command.QUERY_STORE_IN_GROUP_ONE, Command.QUERY_STORE_IN_GROUP_ALL)
            if self._group
            else (Command.QUERY_STORE_ONE, Command.QUERY_STORE_ALL)
        )
        chosen = self._store(one, self._group)
        first = chosen.addresses[0]
        passed = self._rests(first)
        if not passed:
            yield first, chosen.path
        others = self._store(every, self._group)
        for address in self._by_health(others.addresses):
            if passed or address != first:
                yield address, others.path

    def replicas(self, file_id: FileId) -> Iterator[Address]:
        """Storages to read a file from: those that the tracker lists, then the other members of the group."""
        _group, listed = parse_servers(self._ask(Command.QUERY_FETCH_ALL, file_field(file_id)))
        yield from self._by_health(listed)
        yield from self._others(file_id, listed)

    def holders(self, file_id: FileId) -> Iterator[Address]:
        """Storages for changes that replicate from anywhere (delete, metadata): the source, then the other members."""
        source = self.source(file_id)
        late = self._rests(source)
        if not late:
            yield source
        yield from self._others(file_id, [source])
        if late:
            yield source

    def source(self, file_id: FileId) -> Address:
        """The storage for changes of a file: the one that received its upload, if active. Raises Unavailable."""
        _group, listed = parse_servers(self._ask(Command.QUERY_UPDATE, file_field(file_id)))
        return listed[0]

    def _others(self, file_id: FileId, known: Sequence[Address]) -> list[Address]:
        try:
            members = self._store(Command.QUERY_STORE_IN_GROUP_ALL, group_field(file_id.group)).addresses
        except FastDFSError:  # a full group has files all the same; what was asked before tells more
            return []
        return [address for address in self._by_health(members) if address not in known]

    def _store(self, command: Command, group: bytes) -> Store:
        return parse_store(self._ask(command, group))

    def _ask(self, command: Command, body: bytes) -> bytes:
        """The first tracker's reply. Raises Unavailable once none is left, NoSpace or BadRequest at once."""
        reason: FastDFSError | None = None
        for tracker in self._by_health(self._trackers):
            try:
                with self._pool.connection(tracker) as connection:
                    connection.request(command, body)
                    return connection.reply(self._limits.tracker_seconds)
            except NotFound:  # of storages, not of a file; one that just started doesn't know them yet
                reason = Unavailable(f"{tracker} knows no active storage for this.")
            except Unavailable as error:
                self.failed(tracker)
                reason = error
        raise Unavailable(f"No tracker helps: {reason}") from reason

    def _by_health(self, addresses: Iterable[Address]) -> list[Address]:
        return sorted(addresses, key=self._rests)  # stable: the order stays, resting ones come last

    def _rests(self, address: Address) -> bool:
        failed_at = self._failed_at.get(address)
        return failed_at is not None and time.monotonic() - failed_at < self._limits.rest_seconds
