"""Bodies are read as they come, for a limited time, and no connection is closed under who still sends."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from utils import bodies


class Input:
    """As uWSGI's: gives all that it is asked for, however long that takes."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def fileno(self) -> int:
        return self._connection.fileno()

    def read(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            piece = self._connection.recv(size - len(found))
            if not piece:
                raise OSError("the client closed")
            found += piece
        return found


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


def read_all(environ: dict[str, Any], _start: Any) -> list[bytes]:
    return [environ["wsgi.input"].read()]


def ask(application: bodies.Application, end: socket.socket, length: int) -> Any:
    environ = {"CONTENT_LENGTH": str(length), "PATH_INFO": "/", "wsgi.input": Input(end)}
    return bodies.watched(application, apart_from="/uploads/")(environ, None)


def test_a_body_that_comes_in_pieces_is_whole(pair):
    ours, theirs = pair

    def send() -> None:
        for number in range(10):
            theirs.sendall(bytes([number]) * 10)
            time.sleep(0.01)

    sender = threading.Thread(target=send)
    sender.start()
    assert list(ask(read_all, ours, 100)) == [b"".join(bytes([n]) * 10 for n in range(10))]
    sender.join()


def test_lines_are_read_too(pair):
    ours, theirs = pair
    theirs.sendall(b"a\nbc\nd")
    answer = ask(lambda environ, _: [environ["wsgi.input"].readline() for _ in range(4)], ours, 6)
    assert list(answer) == [b"a\n", b"bc\n", b"d", b""]


def test_a_body_that_does_not_come_is_given_up(pair, monkeypatch):
    monkeypatch.setattr(bodies, "PATIENCE", 0.1)
    ours, theirs = pair
    theirs.sendall(b"a")
    with pytest.raises(bodies.TooSlow):
        ask(read_all, ours, 10)
    theirs.sendall(b"b" * 9)  # nobody has closed


def test_a_sender_that_is_gone_is_an_error(pair):
    ours, theirs = pair
    theirs.sendall(b"a")
    theirs.close()
    with pytest.raises(OSError, match="closed"):
        ask(read_all, ours, 10)


def test_what_was_not_read_is_taken_until_the_sender_has_its_answer(pair):
    ours, theirs = pair
    answer = ask(lambda _environ, _start: [b"refused"], ours, 10_000_000)
    sent = 0

    def send() -> None:
        nonlocal sent
        for _ in range(100):
            theirs.sendall(b"a" * 65536)
            sent += 65536
        theirs.close()

    sender = threading.Thread(target=send)
    sender.start()
    assert list(answer) == [b"refused"]
    answer.close()
    sender.join()
    assert sent == 100 * 65536
    assert os.fstat(ours.fileno())  # it is its owner's to close


def test_of_too_many_the_oldest_go(monkeypatch):
    monkeypatch.setattr(bodies, "SLOW_AT_ONCE", 2)
    watch = bodies.watched(read_all, apart_from="/uploads/")
    pairs, over = [socket.socketpair() for _ in range(5)], []

    def read(number: int) -> None:
        environ = {"CONTENT_LENGTH": "9", "PATH_INFO": "/", "wsgi.input": Input(pairs[number][0])}
        try:
            watch(environ, None)
        except bodies.TooSlow:
            over.append(number)

    readers = [threading.Thread(target=read, args=(number,)) for number in range(5)]
    for reader in readers:
        reader.start()
        time.sleep(0.02)
    time.sleep(0.3)
    assert sorted(over) == [0, 1, 2]
    for _, theirs in pairs:
        theirs.sendall(b"a" * 9)
    for reader in readers:
        reader.join()
    for ours, theirs in pairs:
        ours.close()
        theirs.close()
