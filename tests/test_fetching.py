"""A foreign server that answers drop by drop is waited for as long as one that says nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from utils.fetching import TooLarge, fetch

Answers = Callable[..., str]


@pytest.fixture
def dripped() -> list[bytes]:
    """What was sent drop by drop."""
    return []


@pytest.fixture
def answers(dripped) -> Iterator[Answers]:
    """Serves one connection: `at_once`, then a byte of `drops` every 50 ms for as long as somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        threads = []

        def serve(at_once: bytes, drops: bytes) -> None:
            with listening.accept()[0] as connection:
                connection.recv(4096)
                try:
                    connection.sendall(at_once)
                    while drops:
                        connection.sendall(drops[:1])
                        dripped.append(drops[:1])
                        time.sleep(0.05)
                except OSError:
                    pass

        def begin(at_once: bytes, drops: bytes = b"") -> str:
            threads.append(threading.Thread(target=serve, args=(at_once, drops)))
            threads[-1].start()
            return f"http://127.0.0.1:{listening.getsockname()[1]}/gateway.do?x=y"

        yield begin
        for thread in threads:
            thread.join()


def test_an_answer_is_read_whole(answers):
    assert fetch(answers(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), seconds=20, largest=5) == b"hello"
    assert fetch(answers(b"HTTP/1.0 200 OK\r\n\r\nuntil the end"), seconds=20, largest=50) == b"until the end"


@pytest.mark.parametrize(
    "at_once",
    [
        b"",  # not even a status
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",  # where the end of the connection is the end of the answer
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\n",
    ],
)
def test_an_answer_that_drips_is_given_up(answers, dripped, at_once):
    with pytest.raises(TimeoutError):
        fetch(answers(at_once, drops=b"x"), seconds=0.5, largest=10_000)
    assert len(dripped) < 100  # five seconds of it at least; it would never end


def test_a_server_that_says_nothing_is_given_up_too():
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(TimeoutError):
        fetch(f"http://127.0.0.1:{listening.getsockname()[1]}/", seconds=0.3, largest=10)


def test_what_is_too_large_and_what_is_cut_off_is_no_answer(answers):
    with pytest.raises(TooLarge):
        fetch(answers(b"HTTP/1.0 200 OK\r\n\r\n123456"), seconds=20, largest=5)
    with pytest.raises(OSError, match="404"):
        fetch(answers(b"HTTP/1.0 404 Not Found\r\n\r\n"), seconds=20, largest=5)
    with pytest.raises(ConnectionError):
        fetch(answers(b""), seconds=20, largest=5)
