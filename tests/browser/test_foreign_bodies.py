"""What both servers answer to whatever comes in, before they let a byte of it further than it should go."""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.attack import send_a_gibibyte, sessions_of
from tests.browser.conftest import Site
from tests.browser.test_delivery import gates, port  # noqa: F401  (fixtures)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

MIB = 2**20
FORM = "Content-Type: application/x-www-form-urlencoded"


def head(method: str, address: str, *lines: str) -> bytes:
    return "\r\n".join(
        [f"{method} {address} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *lines, "", ""]
    ).encode()


def send(port: int, pieces: Iterable[bytes]) -> tuple[int, dict[str, str]]:  # noqa: F811
    """(status, headers by lower-case name) of the answer that stands once all is sent, or no more is taken."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        with contextlib.suppress(OSError):
            for piece in pieces:
                line.sendall(piece)
        received = b""
        while b"\r\n\r\n" not in received and (piece := line.recv(65536)):
            received += piece
    first, *lines = received.split(b"\r\n\r\n")[0].decode().split("\r\n")
    return int(first.split()[1]), {n.lower(): v.strip() for n, _, v in (one.partition(":") for one in lines)}


EARLY = {
    "/admin/": 302, "/admin/movies/movie/add/": 302, "/media/uploads/": 412, "/media/uploads/known/": 403,
    "/media/uploads/none/": 404, "/user/login/": 413,
}  # fmt: skip


@pytest.mark.parametrize("address", EARLY)
def test_an_early_answer_is_read(port, address):  # noqa: F811
    """A connection that is closed while nginx still sends on it makes it say 502 instead."""
    body = [head("POST", address, FORM, f"Content-Length: {4 * MIB}"), *[b"a" * 65536] * 64]
    with ThreadPoolExecutor(4) as senders:
        found = {status for status, _ in senders.map(lambda _: send(port, body), range(16))}
    assert found == {EARLY[address]}


@pytest.mark.parametrize("address", ["/user/login/", "/order/notify/"])
def test_a_refusal_comes_before_the_rest_of_the_body(port, address):  # noqa: F811
    """By default nginx delays a response from a file while the request body is still arriving."""
    status, taken = send_a_gibibyte(port, address)
    assert status == 413
    assert taken < 64 * MIB


def test_a_slow_body_is_answered_in_words(site):
    """Of more bodies than a process of the embedded server waits for, the oldest get an answer."""
    session = sessions_of(site, "superuser")[0]
    sent = head("POST", "/admin/movies/genre/add/", FORM, f"Cookie: {session}", "Content-Length: 90000")
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection(("127.0.0.1", site.port), timeout=20)) for _ in range(24)]
        for line in lines:
            line.sendall(sent)
        answered: list[bytes] = []
        until = time.monotonic() + 20
        while len(answered) < 8 and time.monotonic() < until:
            for line in list(lines):
                line.send(b"a" * 100)
                if select.select([line], [], [], 0)[0]:
                    answered.append(line.recv(12))
                    lines.remove(line)
            time.sleep(0.02)
    assert len(answered) >= 8
    assert set(answered) <= {b"HTTP/1.1 403", b"HTTP/1.1 400"}


def stored_by(name: str, folder: Path) -> int:
    """Bytes of files below the folder that processes of that name hold open, deleted ones too."""
    found = 0
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdigit() and (process / "comm").read_text().strip() == name:
                for link in (process / "fd").iterdir():
                    if str(folder) in os.readlink(link):  # noqa: PTH115  (its text, with what the kernel adds)
                        found += link.stat().st_size
    return found


@pytest.mark.parametrize("address", ["/media/uploads/", "/admin/"])
def test_a_body_of_no_length_is_stored_by_nobody(site: Site, gates, port, address):  # noqa: F811
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(head("POST", address, "Transfer-Encoding: chunked"))
        with contextlib.suppress(OSError):
            for _ in range(8):
                line.sendall(b"100000\r\n" + b"a" * MIB + b"\r\n")
        assert stored_by("nginx", gates.folder / "body") == 0
        assert line.recv(12) == b"HTTP/1.1 411"


KINDS = {
    "page": ("GET", "/user/login/", 200), "missing": ("GET", "/none/", 404), "another host": ("GET", "/", 400),
    "forged form": ("POST", "/user/login/", 403), "another method": ("GET", "/order/notify/", 405),
    "too large": ("POST", "/admin/", 302), "address": ("GET", f"/{'a' * 9000}", 414), "head": ("GET", "/", 431),
    "NUL": ("GET", "/%00", 400), "repeated": ("TRACE", "/", 405), "chunks": ("POST", "/admin/", 411),
    "redirect": ("GET", "/search", 301), "sign-in": ("GET", "/admin/", 302),
    "JSON": ("GET", "/search/suggest/?q=a", 200),
    "style": ("GET", "STYLE", 200), "part": ("GET", "STYLE", 206), "past its end": ("GET", "STYLE", 416),
    "no file": ("GET", "/static/none.css", 404), "no picture": ("GET", "/media/none.jpg", 404),
    "picture": ("GET", "PICTURE", 200),
    "video": ("GET", "/v/1/none.m4s", 403), "playlist": ("GET", "/play/1/1.m3u8", 404),
    "upload": ("OPTIONS", "/media/uploads/", 204), "foreign upload": ("GET", "/media/uploads/", 403),
}  # fmt: skip
MORE = {
    "another host": ["Host: evil.example"], "head": ["A: " + "a" * 20_000], "chunks": ["Transfer-Encoding: chunked"],
    "part": ["Range: bytes=0-1"], "past its end": ["Range: bytes=99999999-"], "forged form": ["Content-Length: 0"],
    "too large": ["Content-Length: 100000"],
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_says_what_it_may_do(site: Site, port, kind):  # noqa: F811
    method, address, status = KINDS[kind]
    if address == "STYLE":
        address = "/static/" + next((site.data / "static").glob("site.*.css")).name
    if address == "PICTURE":
        pictures = site.data / "pictures"
        address = "/media/" + str(next(pictures.rglob("*.jpg")).relative_to(pictures))
    sent = head(method, address, *MORE.get(kind, []))
    if kind == "another host":
        sent = sent.replace(b"Host: 127.0.0.1\r\n", b"")
    found, headers = send(port, [sent])
    assert found == status
    assert headers["x-content-type-options"] == "nosniff"
    assert "camera=()" in headers["permissions-policy"]
    assert re.search(r"default-src '(none|self)'|object-src 'none'", headers["content-security-policy"])
    assert headers.get("server", "nginx") == "nginx"
    assert "x-powered-by" not in headers
