"""The embedded default's front: what it refuses, which clients it waits for, and that requests arrive whole."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.nginx import free_port
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

MIB = 2**20
FILE = bytes(range(256)) * (64 * 4096)  # 64 MiB
APPLICATION = '''
"""Says what it was asked; addresses of its own for what an application may do with a body or a response."""
import os

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/refuses":
        text = b"too large"
        start_response("413 Content Too Large", [("Content-Length", str(len(text)))])
        return [text]
    if path == "/endless":
        start_response("200 OK", [])
        return (b"x" * 1000 for _ in range(50))
    if path == "/breaks":
        start_response("200 OK", [("Content-Length", "1000")])
        return [b"x" * 10]
    if path == "/file":
        name, pieces = os.getcwd() + "/a%20file", environ["QUERY_STRING"]
        length = environ.get("HTTP_LENGTH", "")
        assert environ["SENDS_FILES"]
        start_response("200 OK", [("X-Send-File", name), ("X-Send-Pieces", pieces), ("Content-Length", length)])
        return []
    if path == "/empty":
        start_response("204 No Content", [])
        return []
    body = environ["wsgi.input"].read() if environ.get("CONTENT_LENGTH") else b""
    text = repr((sorted((k, v) for k, v in environ.items() if isinstance(v, str)), len(body), body[:50])).encode()
    start_response("200 OK", [("Content-Length", str(len(text)))])
    return [text]
'''


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where the proxy listens, in front of a uWSGI of two threads."""
    folder, number = tmp_path_factory.mktemp("run"), free_port()
    (folder / "echo.py").write_text(APPLICATION)
    (folder / "a file").write_bytes(FILE)
    uwsgi = [
        str(Path(sys.executable).with_name("uwsgi")), "--socket", f"{folder}/uwsgi.sock", "--wsgi-file", "echo.py",
        "--master", "--threads", "2", "--buffer-size", "65535", "--disable-logging", "--die-on-term", "--need-app",
    ]  # fmt: skip
    env = os.environ | {"PORT": str(number), "RUN_DIR": str(folder)}
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    application = subprocess.Popen(uwsgi, cwd=folder, **quiet)
    proxy = subprocess.Popen([sys.executable, ROOT / "deploy/embedded/proxy.py"], env=env, **quiet)
    try:
        until = time.monotonic() + 20
        while socket.socket().connect_ex(("127.0.0.1", number)):
            assert time.monotonic() < until
            time.sleep(0.05)
        yield number
        assert (proxy.poll(), application.poll()) == (None, None)
    finally:
        for process in (proxy, application):
            process.terminate()
            process.wait(timeout=20)


class Line:
    """A connection on which bytes are sent as they stand."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_error: object) -> None:
        self.file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, *, body: bool = True) -> tuple[int, dict[str, str], bytes]:
        """(status, headers by lower-case name, body); 0 where the connection was closed instead."""
        first = self.file.readline()
        if not first:
            return 0, {}, b""
        headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        length = headers.get("content-length")
        content = b"" if not body else self.file.read(int(length)) if length else self.file.read()
        return int(first.split()[1]), headers, content

    def is_closed(self) -> bool:
        return not self.file.read(1)

    def waits(self) -> bool:
        """Whether it is open, and nothing came that wasn't read."""
        return not select.select([self.socket], [], [], 0)[0]


@pytest.fixture
def line(port: int) -> Iterator[Line]:
    with Line(port) as opened:
        yield opened


def get(address: bytes = b"/", *headers: bytes) -> bytes:
    return b"\r\n".join([b"GET " + address + b" HTTP/1.1", b"Host: a", *headers, b"", b""])


def post(address: bytes, length: int, *headers: bytes) -> bytes:
    head = [b"POST " + address + b" HTTP/1.1", b"Host: a", b"Content-Length: %d" % length, *headers, b"", b""]
    return b"\r\n".join(head)


REFUSED = {
    "no http": (b"hello\r\n\r\n", 400),
    "another version": (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (get(b"/", b"Host: b"), 400),
    "two lengths": (post(b"/", 1, b"Content-Length: 2"), 400),
    "the same length twice": (post(b"/", 1, b"Content-Length: 1"), 400),
    "a length with a sign": (get(b"/", b"Content-Length: +1"), 400),
    "a length beyond any": (get(b"/", b"Content-Length: " + b"9" * 30), 400),
    "a body of no length": (get(b"/", b"Transfer-Encoding: chunked"), 411),
    "both": (post(b"/", 1, b"Transfer-Encoding: chunked"), 411),
    "a folded header": (get(b"/", b"A: b", b" c"), 400),
    "a space before the colon": (get(b"/", b"Content-Length : 1"), 400),
    "NUL in a header": (get(b"/", b"A: \0"), 400),
    "a line feed alone": (get(b"/", b"A: b\nC: d"), 400),
    "line feeds alone, everywhere": (b"GET / HTTP/1.1\nHost: a\n\n", 400),
    "an end of line feeds alone": (b"GET / HTTP/1.1\r\nHost: a\n\n", 400),
    "a carriage return alone": (get(b"/", b"A: b\rC: d"), 400),
    "another host in the address": (b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a name before the host": (b"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "lengths in a list": (get(b"/", b"Content-Length: 1, 1"), 400),
    "a length of other digits": (get(b"/", "Content-Length: ١".encode()), 400),
    "an empty length": (get(b"/", b"Content-Length:"), 400),
    "NUL in the address": (get(b"/%00"), 400),
    "a space in the address": (get(b"/a b"), 400),
    "no path": (get(b"a"), 400),
    "a proxy's tunnel": (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "what repeats cookies": (b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    "an address of 9 kB": (get(b"/" + b"a" * 9000), 414),
    "an address of 40 kB": (get(b"/?q=" + b"a" * 40_000), 414),
    "an address of 2 MB": (get(b"/?q=" + b"a" * 2_000_000), 414),
    "a header of 9 kB": (get(b"/", b"A: " + b"a" * 9000), 431),
    "a cookie of 100 kB": (get(b"/", b"Cookie: " + b"a" * 100_000), 431),
    "headers of 40 kB": (get(b"/", *(b"A%d: " % n + b"a" * 4000 for n in range(10))), 431),
    "too many headers": (get(b"/", *(b"A%d: b" % n for n in range(200))), 431),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_in_one_way_is_refused(line, case):
    sent, status = REFUSED[case]
    line.send(sent)
    found, headers, text = line.answer()
    assert (found, headers["connection"], headers["x-content-type-options"]) == (status, "close", "nosniff")
    assert text.startswith(str(status).encode())
    assert {"content-security-policy", "permissions-policy"} <= headers.keys()
    assert "server" not in headers
    assert line.is_closed()


def test_requests_reach_the_application_whole(line):
    line.send(
        b"\r\nPOST http://a/%E7%89%87?a=%2F HTTP/1.1\r\nhost: a\r\nCookie: b=1\r\nCookie: c=2\r\nX_Real: 1\r\n"
        b"Proxy: evil\r\nAccept: a\r\nAccept: b\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
    )
    status, _headers, text = line.answer()
    variables, size, body = eval(text)  # noqa: S307  (of our own application)
    found = dict(variables)
    assert (status, size, body) == (200, 5, b"hello")
    expected = {
        "REQUEST_METHOD": "POST", "REQUEST_URI": "/%E7%89%87?a=%2F", "PATH_INFO": "/片".encode().decode("latin-1"),
        "QUERY_STRING": "a=%2F", "HTTP_COOKIE": "b=1; c=2", "HTTP_ACCEPT": "a, b", "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "5", "REMOTE_ADDR": "127.0.0.1", "SERVER_PROTOCOL": "HTTP/1.1",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert {"HTTP_X_REAL", "HTTP_PROXY", "HTTP_CONTENT_LENGTH"}.isdisjoint(found)


def test_requests_follow_each_other_on_one_connection(line):
    line.send(get() + post(b"/", 3) + b"abc" + get(b"/empty"))
    assert [line.answer()[0] for _ in range(2)] == [200, 200]
    assert line.answer(body=False)[0] == 204
    line.send(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert line.answer(body=False)[0] == 200
    line.send(get(b"/", b"Connection: close"))
    assert line.answer()[1]["connection"] == "close"
    assert line.is_closed()


def test_a_response_of_no_length_ends_with_the_connection(line):
    line.send(get(b"/endless"))
    status, headers, text = line.answer()
    assert (status, headers["connection"], len(text)) == (200, "close", 50_000)


def test_a_response_that_breaks_off_is_seen_to(line):
    line.send(get(b"/breaks"))
    assert len(line.answer()[2]) == 10
    assert line.is_closed()


@pytest.mark.parametrize("size", [1, 64 * 1024, 64 * 1024 + 1, 20 * MIB])
def test_bodies_arrive_whole(line, size):
    line.send(post(b"/", size) + b"x" * size)
    status, headers, text = line.answer()
    assert (status, eval(text)[1], "connection" in headers) == (200, size, False)  # noqa: S307


@pytest.mark.parametrize("size", [10, 20 * MIB])
def test_a_body_that_waits_for_a_word_gets_it(line, size):
    line.send(post(b"/", size, b"Expect: 100-continue"))
    assert line.file.readline() == b"HTTP/1.1 100 Continue\r\n"
    assert line.file.readline() == b"\r\n"
    line.send(b"x" * size)
    assert line.answer()[0] == 200


def test_a_refused_body_that_waits_is_never_asked_for(line):
    line.send(post(b"/refuses", 2**30, b"Expect: 100-continue"))
    assert (line.answer()[0], line.is_closed()) == (413, True)


def test_a_client_that_sends_all_before_reading_gets_the_refusal(line):
    line.send(post(b"/refuses", 100 * MIB))
    for _ in range(100):
        line.send(b"x" * MIB)
    status, headers, text = line.answer()
    assert (status, headers["connection"], text) == (413, "close", b"too large")


@contextlib.contextmanager
def slowly(port: int, many: int, begin: Callable[[Line], None]) -> Iterator[list[Line]]:
    """Connections that have begun something and wait."""
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(Line(port)) for _ in range(many)]
        for line in lines:
            begin(line)
        yield lines


def answered(port: int) -> bool:
    with Line(port) as line:
        line.send(get())
        return line.answer()[0] == 200


SLOW = {
    "heads": lambda line: line.send(b"GET / HTTP/1.1\r\nHost:"),
    "bodies": lambda line: line.send(post(b"/", 1000) + b"x"),
    "next requests": lambda line: (line.send(get()), line.answer()),
    "the rest of refused bodies": lambda line: (line.send(post(b"/refuses", 2**30)), line.answer()),
}


@pytest.mark.parametrize("case", SLOW)
def test_waiting_clients_keep_nobody_else_waiting(port, case):
    with slowly(port, 300, SLOW[case]) as slow:
        assert answered(port)
        if case != "the rest of refused bodies":  # to which the server has said all
            assert any(line.waits() for line in slow)  # and yet it was their turn
        assert all(answered(port) for _ in range(20))


def test_too_many_connections_end_those_that_waited_longest(port):
    with slowly(port, 1, SLOW["heads"]) as oldest, slowly(port, 1100, SLOW["bodies"]), Line(port) as line:
        line.send(get())
        assert line.answer()[0] == 200
        assert not oldest[0].waits()


def test_files_are_sent_for_the_application(line):
    line.send(get(b"/file?a%2C@1-3,%40@,@5-5,@0-" + b"%d" % (len(FILE) - 1), b"Length: %d" % (7 + len(FILE))))
    status, headers, body = line.answer()
    assert (status, body) == (200, b"a,\1\2\3@\5" + FILE)
    assert {"x-send-file", "x-send-pieces"}.isdisjoint(headers)
    line.send(get())
    assert line.answer()[0] == 200


def test_a_file_that_became_shorter_breaks_off(line):
    line.send(get(b"/file?@0-%d" % len(FILE), b"Length: %d" % (len(FILE) + 1)))
    assert len(line.answer()[2]) == len(FILE)
    assert line.is_closed()


def test_readers_that_take_nothing_hold_no_thread(port):
    asked = get(b"/file?@0-%d" % (len(FILE) - 1), b"Length: %d" % len(FILE))

    def begin(line: Line) -> None:
        line.send(asked)
        assert line.file.readline().startswith(b"HTTP/1.1 200")

    with slowly(port, 300, begin), Line(port) as line:
        line.send(get())
        assert line.answer()[0] == 200
