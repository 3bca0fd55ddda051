"""The embedded reverse proxy: buffers requests and passes them to uWSGI, like nginx in production.

Application threads are expensive and idle connections cheap, so all waiting for clients happens here: headers, small
bodies, keep-alive connections, slow readers. Every wait has a timeout, and beyond a limit the oldest connection is
closed. Large bodies are streamed once the application has authorized the request.

Started with PORT and RUN_DIR set by serve.py.
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

CONNECTIONS = 1000  # concurrent; beyond that, the one waiting longest for its client is closed
WAITS_FOR_A_PLACE = 10.0  # seconds for an application that is starting or has a full backlog


class Waiting:
    """Connections waiting for their client, longest wait first."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[None], None] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Register the current task while it waits."""
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
    """The listener's connections, and connections to the application."""

    def __init__(self, *, port: int, application: str, connections: int) -> None:
        self.port, self.application, self.connections = port, application, connections
        self.waiting, self.lingering = Waiting(), Waiting()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, address = await loop.sock_accept(listener)
            except OSError:  # the client is gone, or no file descriptors are left
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
            except OSError as error:  # not started yet, or its backlog is full
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
    """Serve until SIGTERM."""
    serving = asyncio.ensure_future(proxy.serve(listener))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # nothing to reload
    await serving


if __name__ == "__main__":
    main()
