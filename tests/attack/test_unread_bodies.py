"""No connection is closed under a proxy that still sends."""

from __future__ import annotations

import os
import socket
import threading

from utils import request_bodies


class Input:
    """As uWSGI's, of which nothing is read here."""

    def __init__(self, connection: socket.socket) -> None:
        self.fileno = connection.fileno


def test_what_was_not_read_is_taken_until_the_sender_has_its_answer():
    ours, theirs = socket.socketpair()
    environ = {"CONTENT_LENGTH": "10000000", "PATH_INFO": "/", "wsgi.input": Input(ours)}
    answer = request_bodies.limit_slow_bodies(lambda _environ, _start: [b"refused"], exempt="/uploads/")(environ, None)
    sent = []

    def send() -> None:
        for _ in range(100):
            theirs.sendall(b"a" * 65536)
            sent.append(1)
        theirs.close()

    sender = threading.Thread(target=send)
    sender.start()
    assert list(answer) == [b"refused"]
    answer.close()  # type: ignore[attr-defined]
    sender.join()
    assert len(sent) == 100
    assert os.fstat(ours.fileno())  # it is its owner's to close
    ours.close()
