"""Whose address counts behind nginx, and what one address may ask for: real servers, clients from several addresses."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.deploy.front import Answer, Front, running_front, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("front")]

PROXY, OUTER, STRANGER, NEIGHBOUR = "127.0.0.2", "127.0.0.3", "127.0.0.9", "127.0.0.10"
WATCHER, WATCHER6 = "203.0.113.7", "2001:db8::7"  # who may see the parts at /readyz
CONNECTIONS = 200  # of one address at once, as deploy/nginx/server.conf says
BURST = 8  # requests beyond the rate, as `--rate 2` gives


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    changed = {"TRUSTED_PROXIES": f"{PROXY}/32,{OUTER},fd00::/8", "MONITORING_NETWORKS": f"{WATCHER},{WATCHER6}"}
    with running_front(nodes=1, config=("--rate", "2"), **changed) as found:
        yield found


def forwarded(*addresses: str) -> dict[str, str]:
    return {"X-Forwarded-For": ", ".join(addresses)} if addresses else {}


@pytest.mark.parametrize(
    ("sender", "said", "taken"),
    [
        (PROXY, [WATCHER], WATCHER),
        (PROXY, [WATCHER6], WATCHER6),
        (PROXY, [WATCHER, OUTER], WATCHER),  # a chain of proxies, both trusted
        (PROXY, [WATCHER6, "fd00::1"], WATCHER6),
        (PROXY, [WATCHER, "198.51.100.1", OUTER], "198.51.100.1"),  # what stands left of a stranger is his own claim
        (PROXY, ["198.51.100.1", WATCHER], WATCHER),
        (PROXY, [], PROXY),
        (STRANGER, [WATCHER], STRANGER),
        (STRANGER, [WATCHER6], STRANGER),
        (STRANGER, [WATCHER, PROXY], STRANGER),
        (STRANGER, [], STRANGER),
    ],
)
def test_a_trusted_proxy_says_who_the_visitor_is_and_nobody_else(front, sender, said, taken):
    log = front.folder / "logs/access.log"
    before = log.read_text() if log.exists() else ""
    probe = front.ask("/readyz", headers=forwarded(*said), of=sender)
    assert (b'"parts"' in probe.body) is (taken in {WATCHER, WATCHER6})  # what the application sees
    front.ask("/v/none.mp4", headers=forwarded(*said), of=sender)
    until(lambda: len(log.read_text()) > len(before), log.read_text)
    assert json.loads(log.read_text()[len(before) :])["address"] == taken  # what nginx's log has


def patiently(front: Front, address: str, method: str = "GET", body: bytes | None = None, **options: Any) -> Answer:
    """The application's answer, asked for again where nginx refuses for the rate."""
    answers: list[Answer] = []

    def is_let_through() -> bool:
        answers.append(front.ask(address, method, body, **options))
        return answers[-1].body != (front.data / "errors/zh-hans/429.html").read_bytes()

    until(is_let_through, lambda: "nginx refuses for ever")
    return answers[-1]


def sign_in(front: Front, sender: str, *said: str) -> int:
    """The status of a wrong password for one account."""
    page = patiently(front, "/user/login/", headers=forwarded(*said), of=sender)
    cookie = re.search(r"csrftoken=(\w+)", page.headers["Set-Cookie"])[1]
    headers = {
        "Cookie": f"csrftoken={cookie}", "Referer": f"https://127.0.0.1:{front.secure}/user/login/",
        "Content-Type": "application/x-www-form-urlencoded", **forwarded(*said),
    }  # fmt: skip
    form = urlencode({"username": "nobody", "password": "wrong", "csrfmiddlewaretoken": cookie}).encode()
    return patiently(front, "/user/login/", "POST", form, headers=headers, of=sender).status


def test_guesses_are_counted_by_the_visitors_address(front):
    """Of one address five guesses at an account count."""
    guesses = [sign_in(front, PROXY, "198.51.100.20") for _ in range(6)]
    assert guesses == [400] * 5 + [429]
    assert sign_in(front, PROXY, "198.51.100.21") == 400  # another visitor of the same proxy
    assert sign_in(front, STRANGER, "198.51.100.20") == 400  # not he, whatever he says
    assert sign_in(front, PROXY, "198.51.100.20, 198.51.100.22") == 400


def flood(front: Front, sender: str, said: list[list[str]]) -> list[Answer]:
    """The answers to requests at once, one for each X-Forwarded-For."""
    answers: list[Answer] = []

    def ask(addresses: list[str]) -> None:
        answers.append(front.ask("/robots.txt", headers=forwarded(*addresses), of=sender))

    threads = [threading.Thread(target=ask, args=(one,)) for one in said]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize(
    ("sender", "said", "beside"),
    [
        (NEIGHBOUR, [[]] * 60, (STRANGER, [])),
        (PROXY, [["198.51.100.5"]] * 60, (PROXY, ["198.51.100.6"])),
        (STRANGER, [[f"198.51.100.{n}"] for n in range(60)], (PROXY, ["198.51.100.7"])),  # invented ones
        (PROXY, [[f"2001:db8:5::{n:x}"] for n in range(60)], (PROXY, ["2001:db8:6::1"])),  # one subscriber's
    ],
)
def test_a_flood_is_refused_and_a_viewer_beside_it_is_served(front, sender, said, beside):
    until(lambda: front.ask("/robots.txt", headers=forwarded(*beside[1]), of=beside[0]).status == 200, str)
    answers = flood(front, sender, said)
    refused = [answer for answer in answers if answer.status == 429]
    assert len(answers) == 60
    assert {answer.status for answer in answers} == {200, 429}
    assert len(refused) >= 60 - BURST - 20  # 20: what the rate allows while a slow machine takes ten seconds
    for answer in refused:
        assert answer.headers["Retry-After"] == "10"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.body == (front.data / "errors/zh-hans/429.html").read_bytes()
    assert front.ask("/robots.txt", headers=forwarded(*beside[1]), of=beside[0]).status == 200


def test_files_of_films_are_not_counted_as_requests(front):
    statuses = {front.ask("/v/none.mp4", of="127.0.0.11").status for _ in range(60)}
    assert statuses == {403}


def test_one_address_gets_so_many_answers_at_once_and_others_theirs(front):
    film = front.data / "videos/long.mp4"
    film.parent.mkdir(exist_ok=True)
    with film.open("wb") as file:
        file.truncate(2**30)  # sparse: no answer is complete while this test reads nothing
    code = "from utils.signing import sign; print(sign('/v/long.mp4', expires_at=2**34))"
    address = front.manage("shell", "-v", "0", "-c", code).splitlines()[-1]
    with contextlib.ExitStack() as stack:

        def begin(sender: str) -> http.client.HTTPResponse:
            line = stack.enter_context(contextlib.closing(front.connection(of=sender)))
            line.connect()
            line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.request("GET", address)
            return line.getresponse()

        answers = [begin(NEIGHBOUR) for _ in range(CONNECTIONS)]
        assert {answer.status for answer in answers} == {200}
        refused = front.ask("/robots.txt", of=NEIGHBOUR)
        assert (refused.status, refused.headers["Retry-After"]) == (429, "10")
        assert refused.body == (front.data / "errors/zh-hans/429.html").read_bytes()
        beside = front.ask(address, headers={"Range": "bytes=5-9"}, of=STRANGER)
        assert (beside.status, beside.body) == (206, bytes(5))
    until(lambda: front.ask(address, "HEAD", of=NEIGHBOUR).status == 200, lambda: "the connections ended")
