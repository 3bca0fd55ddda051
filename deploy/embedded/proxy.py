"""The embedded default's front: takes connections, and hands whole requests to uWSGI, as nginx does elsewhere.

A thread of the application costs much and a waiting connection next to nothing, so whatever waits for a client waits
here: heads, small bodies, connections that are kept, readers that read slowly. Each wait has its time, and when there
are too many, the oldest ends. Large bodies pass through, once the application has seen who sends them.

Runs with PORT and RUN_DIR as serve.py sets them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
from collections.abc import Iterator
from http import HTTPStatus

from connection import Connection
from heads import Refused

CONNECTIONS = 1000  # at once; with more, the one that has waited longest for its client is closed
WAITS_FOR_A_PLACE = 10.0  # seconds in front of an application that is starting or has a full queue


class Waiting:
    """Connections that wait for their client, the longest first."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[None], None] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """For as long as the task that runs waits."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        self._tasks[task] = None
        try:
            yield
        finally:
            self._tasks.pop(task, None)

    def end_first(self) -> None:
        if task := next(iter(self._tasks), None):
            del self._tasks[task]
            task.cancel()


class Proxy:
    """All connections of one port, and the way to the application behind it."""

    def __init__(self, *, port: int, application: str, connections: int) -> None:
        self.port, self.application, self.connections = port, application, connections
        self.waiting, self.lingering = Waiting(), Waiting()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, address = await loop.sock_accept(listener)
            except OSError:  # it is gone again, or there are too many files
                await asyncio.sleep(0.02)
                continue
            if len(self._tasks) >= self.connections:
                (self.lingering if len(self.lingering) else self.waiting).end_first()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = loop.create_task(Connection(self, client, address).serve())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def connect(self) -> socket.socket:
        """A connection to the application. Raises Refused."""
        loop = asyncio.get_running_loop()
        until = loop.time() + WAITS_FOR_A_PLACE
        while True:
            found = socket.socket(socket.AF_UNIX)
            found.setblocking(False)
            try:
                found.connect(self.application)
            except OSError as error:  # not there yet, or its queue is full
                found.close()
                if loop.time() > until:
                    raise Refused(HTTPStatus.SERVICE_UNAVAILABLE) from error
            else:
                return found
            await asyncio.sleep(0.05)


def main() -> None:
    port, run_dir = int(os.environ["PORT"]), os.environ["RUN_DIR"]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = max(soft, min(hard, 2 * CONNECTIONS + 100) if hard != resource.RLIM_INFINITY else 2 * CONNECTIONS + 100)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    with socket.create_server(("127.0.0.1", port), backlog=1024) as listener:
        listener.setblocking(False)
        proxy = Proxy(
            port=port, application=f"{run_dir}/uwsgi.sock", connections=min(CONNECTIONS, (files - 100) // 2)
        )  # fmt: skip
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(run(proxy, listener))


async def run(proxy: Proxy, listener: socket.socket) -> None:
    """Serve until the process is asked to end."""
    serving = asyncio.ensure_future(proxy.serve(listener))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it has nothing to read anew
    await serving


if __name__ == "__main__":
    main()
