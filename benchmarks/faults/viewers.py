"""Viewers of a site, at a bounded pace, and what they were answered."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import requests

PACE = 1.0  # seconds between the requests of a viewer
PATIENCE = 20.0  # seconds without an answer
BETWEEN_COMMENTS = 15  # requests: the site takes one comment in ten seconds of a viewer
BETWEEN_SIGN_INS = 60  # requests
RANGE = 64 * 1024  # bytes of a segment


@dataclass
class Told:
    """The answers of a phase; an error is no answer, one of 500 or more, or anything the request didn't ask for."""

    began: float = field(default_factory=time.monotonic)
    times: list[float] = field(default_factory=list)  # seconds of each request
    errors: Counter[str] = field(default_factory=Counter)  # by request and kind
    last_error: float = 0.0  # time.monotonic

    @property
    def p99(self) -> float:
        """Seconds."""
        return sorted(self.times)[int(len(self.times) * 0.99)] if self.times else 0.0


@dataclass(frozen=True)
class Viewer:
    """An account of the catalogue, with its own address."""

    number: int
    name: str
    password: str

    @property
    def address(self) -> str:
        return f"10.1.{self.number // 250}.{self.number % 250 + 1}"


class Viewers:
    """All viewers, each a thread. They write comments and positions; `acknowledged` is what the site said it kept."""

    def __init__(self, url: str, viewers: list[Viewer], *, movies: list[int], film: int) -> None:
        self.url, self.movies, self.film = url, movies, film
        self.told, self.acknowledged = Told(), [set[str]() for _ in viewers]
        self.positions: list[float] = [0.0 for _ in viewers]
        self._lock, self._over = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._go, args=(viewer,), daemon=True) for viewer in viewers]
        for thread in self._threads:
            thread.start()

    def phase(self, seconds: float) -> Told:
        """What they are answered from now on for so long."""
        with self._lock:
            self.told = told = Told()
        time.sleep(seconds)
        return told

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(2 * PATIENCE)

    def _go(self, viewer: Viewer) -> None:
        time.sleep(PACE * viewer.number / len(self._threads))
        with requests.Session() as session:
            session.headers.update({"X-Forwarded-For": viewer.address, "Accept-Language": "zh-CN"})
            asked = 0
            while not self._over.is_set():
                for step in (self._home, self._category, self._search, self._watch, self._film, self._position):
                    if asked % BETWEEN_SIGN_INS == 0:
                        self._asks("sign in", self._sign_in, session, viewer, asked)
                    elif asked % BETWEEN_COMMENTS == 0:
                        self._asks("comment", self._comment, session, viewer, asked)
                    self._asks(step.__name__.strip("_"), step, session, viewer, asked)
                    asked += 1
                    if self._over.wait(PACE):
                        return

    def _asks(self, name: str, step: Any, session: requests.Session, viewer: Viewer, asked: int) -> None:
        began = time.monotonic()
        try:
            wrong = step(session, viewer, asked)
        except requests.RequestException as error:
            wrong = type(error).__name__
        with self._lock:
            self.told.times.append(time.monotonic() - began)
            if wrong:
                self.told.errors[f"{name}: {wrong}"] += 1
                self.told.last_error = time.monotonic()

    def _get(self, session: requests.Session, path: str, **options: Any) -> requests.Response:
        return session.get(f"{self.url}{path}", timeout=PATIENCE, **options)

    def _home(self, session: requests.Session, viewer: Viewer, asked: int) -> str:
        return _wrong(self._get(session, "/"))

    def _category(self, session: requests.Session, viewer: Viewer, asked: int) -> str:
        return _wrong(self._get(session, "/comedy/all/1/"))

    def _search(self, session: requests.Session, viewer: Viewer, asked: int) -> str:
        return _wrong(self._get(session, "/search/", params={"q": f"第{(viewer.number + asked) % 40}夜"}))

    def _watch(self, session: requests.Session, viewer: Viewer, asked: int) -> str:
        movie = self.movies[(viewer.number + asked) % len(self.movies)]
        return _wrong(self._get(session, f"/single/{movie}/1/"))

    def _film(self, session: requests.Session, viewer: Viewer, asked: int) -> str:
        """The playlists of the film, and part of a segment."""
        master = self._get(session, f"/play/{self.film}/1/master.m3u8")
        if wrong := _wrong(master):
            return wrong
        names = [line for line in master.text.splitlines() if line and not line.startswith("#")]
        level = session.get(urljoin(master.url, names[0]), timeout=PATIENCE)
        if wrong := _wrong(level):
            return wrong
        found = re.search(r'URI="([^"]+)"', level.text)
        part = session.get(
            urljoin(level.url, found[1] if found else ""),
            headers={"Range": f"bytes=0-{RANGE - 1}"},
            timeout=PATIENCE,
        )
        return _wrong(part, wanted=206)

    def _position(self, session: requests.Session, viewer: Viewer, asked: int) -> str:
        position, movie = float(asked + 1), self.movies[viewer.number % len(self.movies)]
        answer = session.post(
            f"{self.url}/play/{movie}/1/progress/",
            json={"position": position, "duration": 100_000, "playing": True, "tab": "t", "number": asked + 1},
            timeout=PATIENCE,
        )
        if not (wrong := _wrong(answer, wanted=answer.status_code if answer.ok else 200)):
            self.positions[viewer.number] = position
        return wrong

    def _sign_in(self, session: requests.Session, viewer: Viewer, asked: int) -> str:
        session.cookies.clear()
        if wrong := _wrong(page := self._get(session, "/user/login/")):
            return wrong
        form = {"username": viewer.name, "password": viewer.password, "csrfmiddlewaretoken": _token(page)}
        answer = session.post(page.url, data=form, timeout=PATIENCE, allow_redirects=False)
        return _wrong(answer, wanted=302)

    def _comment(self, session: requests.Session, viewer: Viewer, asked: int) -> str:
        address = f"/single/{self.movies[viewer.number % len(self.movies)]}/1/"
        if wrong := _wrong(page := self._get(session, address)):
            return wrong
        text = f"{viewer.name} 第 {asked} 次"
        form = {"text": text, "csrfmiddlewaretoken": _token(page)}
        answer = session.post(f"{self.url}{address}", data=form, timeout=PATIENCE, allow_redirects=False)
        if answer.status_code == 302 and answer.headers["Location"].endswith("#comments"):
            self.acknowledged[viewer.number].add(text)
        return _wrong(answer, wanted=302)


def _wrong(answer: requests.Response, *, wanted: int = 200) -> str:
    return "" if answer.status_code == wanted else str(answer.status_code)


def _token(page: requests.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    return found[1] if found else ""
