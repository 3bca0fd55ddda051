"""A FastDFS cluster of this process: trackers and storages that speak the protocol, with the real layout on disk.

Sources: storage/storage_service.c, tracker/tracker_service.c and tracker/tracker_mem.c of FastDFS 6.16, and what a real
6.16.1 answered. A storage keeps a file as `data/XX/XX/name` below its store path, and its metadata beside it under the
name with `-m`. Changes reach the other storages a little later, as they do in FastDFS.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import struct
import threading
import time
from pathlib import Path

from tests.fastdfs.disk import GROUP, Storage, is_appender, source_of
from tests.fastdfs.node import EINVAL, ENOENT, ENOSPC, Node, Refused, Request


class Tracker(Node):
    """A tracker: it believes that the storages in `active` are there."""

    def __init__(self, cluster: FastDFS, host: str) -> None:
        self.cluster = cluster
        self.active = list(cluster.storages)
        self._turn = itertools.count()
        super().__init__(host)

    def serve(self, request: Request) -> None:
        name = ""
        if request.command in {103, 104, 105, 107}:
            group = request.group()
            name = request.rest().decode()
            if request.command in {103, 105} and len(name) < 22:
                raise Refused(EINVAL)
            if group != GROUP:
                raise Refused(ENOENT)
        elif request.command not in {101, 106}:
            raise Refused(EINVAL)
        if not self.active:
            raise Refused(ENOENT)
        if request.command not in {103, 105} and all(storage.full for storage in self.active):
            raise Refused(ENOSPC)
        request.line.reply(self._listing(request.command, name))

    def _listing(self, command: int, name: str) -> bytes:
        if command in {103, 105}:
            source = [one for one in self.active if one.host == source_of(name)]
            if command == 103:
                return self._servers(source or self.active[:1])
            late = [] if is_appender(name) or len(name) > 44 else [one for one in self.active if one not in source]
            return self._servers(source + [one for one in late if self.cluster.has(one, name)] or self.active[:1])
        chosen = self.active
        if command in {101, 104}:
            chosen = [self.active[next(self._turn) % len(self.active)]]
        return self._servers(chosen, each=True) + b"\0"

    def _servers(self, storages: list[Storage], *, each: bool = False) -> bytes:
        """Group and addresses; the port follows the first only in what versions up to 6.15 answer to 105."""
        width = self.cluster.address_width
        body = GROUP.encode().ljust(16, b"\0")
        for number, storage in enumerate(storages):
            body += storage.host.encode().ljust(width, b"\0")
            if number == 0 or each or self.cluster.each_has_port:
                body += struct.pack(">Q", storage.port)
        return body


class FastDFS:
    """Trackers on 127.0.1.…, storages on 127.0.2.…; changes are carried to the other storages by threads."""

    def __init__(
        self,
        folder: Path,
        *,
        storages: int = 2,
        trackers: int = 2,
        paths: int = 1,
        address_width: int = 15,
        each_has_port: bool = True,
    ) -> None:
        self.address_width = address_width
        self.each_has_port = each_has_port
        self.replication_delay_seconds = 0.0
        self._flowing = threading.Event()
        self._flowing.set()
        self._pending = 0
        self._settled = threading.Condition()
        self.storages: list[Storage] = []
        for number in range(1, storages + 1):
            self.storages.append(Storage(self, f"127.0.2.{number}", folder / f"storage{number}", paths=paths))
            if not each_has_port:
                self._share_port()
        self.trackers = [Tracker(self, f"127.0.1.{number}") for number in range(1, trackers + 1)]

    def _share_port(self) -> None:
        """A group's storages have one port in these versions."""
        newest, first = self.storages[-1], self.storages[0]
        if newest is not first:
            newest.stop()
            newest.port = first.port
            newest.start()

    @property
    def nodes(self) -> list[Node]:
        return [*self.trackers, *self.storages]

    @property
    def addresses(self) -> list[str]:
        return [f"{tracker.host}:{tracker.port}" for tracker in self.trackers]

    def source_of(self, name: str) -> Storage:
        return next(storage for storage in self.storages if storage.host == source_of(name))

    def other_than(self, storage: Storage) -> Storage:
        return next(one for one in self.storages if one is not storage)

    def has(self, storage: Storage, name: str) -> bool:
        with contextlib.suppress(Refused):
            return storage.path(name).is_file()
        return False

    def hold_replication(self) -> None:
        self._flowing.clear()

    def release_replication(self) -> None:
        self._flowing.set()

    def settle(self) -> None:
        """Wait until every change is everywhere."""
        with self._settled:
            self._settled.wait_for(lambda: not self._pending)

    def replicate(self, source: Storage, name: str) -> None:
        """Make the others' copy of a file what the source has: the same, or nothing."""
        with self._settled:
            self._pending += 1
        threading.Thread(target=self._carry, args=(source, name), daemon=True).start()

    def _carry(self, source: Storage, name: str) -> None:
        self._flowing.wait()
        time.sleep(self.replication_delay_seconds)
        with self._settled:
            for storage in self.storages:
                if storage is not source:
                    target = storage.path(name)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    try:
                        shutil.copyfile(source.path(name), target)
                    except FileNotFoundError:
                        target.unlink(missing_ok=True)
                        target.with_name(f"{target.name}-m").unlink(missing_ok=True)
            self._pending -= 1
            self._settled.notify_all()

    def stop(self) -> None:
        self.release_replication()
        for node in self.nodes:
            node.stop()

    def __enter__(self) -> FastDFS:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
