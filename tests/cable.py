"""The line between a client and a server, that can be slow, and cut."""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType

PIECE = 64 * 1024  # bytes


class Cable:
    """Forwards TCP connections to a port of this machine; `rate` bytes a second towards it (0: no limit)."""

    def __init__(self, target: int, *, rate: int = 0) -> None:
        self.target, self.rate = target, rate
        self.carried = 0  # bytes towards the server
        self._whole = True
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection in the middle, and let none through until `mend`."""
        self._whole = False
        for end in list(self._open):
            _drop(end)

    def mend(self) -> None:
        self._whole = True

    def __enter__(self) -> Cable:
        return self

    def __exit__(self, _kind: type | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:  # closed
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target)) if self._whole else None
            except OSError:
                server = None
            if server is None:
                _drop(client)
                continue
            self._open |= {client, server}
            for source, sink, up in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._carry, args=(source, sink, up), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, up: bool) -> None:
        try:
            while data := source.recv(PIECE):
                sink.sendall(data)
                if up:
                    self.carried += len(data)
                    if self.rate:
                        time.sleep(len(data) / self.rate)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            _drop(source)
            _drop(sink)
        finally:
            self._open -= {source}


def _drop(end: socket.socket) -> None:
    """Close at once, with a reset: bytes in flight are lost."""
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()
