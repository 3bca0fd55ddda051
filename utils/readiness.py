"""What the site depends on, asked within bounded time: databases, Redis, the broker, the storage of videos, disk room.

Each part is asked by a thread of its own. One that hangs keeps its thread until it answers or its connection times out,
and isn't asked again meanwhile, so it costs each process one thread at most.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from celery import current_app
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django_redis import get_redis_connection

from utils.replicas.health import ENGINE, LIMITS
from utils.replicas.routing import watch
from utils.storages import free_room, videos

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

PATIENCE = 2.0  # seconds for all parts together
KEPT_FOR = 1.0  # seconds that a result is given again: anybody may ask
WATCHED = "not looked at yet"


class Degraded(Exception):
    """The part answers, and something about it needs an operator."""


@dataclass(frozen=True)
class Part:
    """Something the site depends on. `ask` returns figures to report; it raises Degraded, or whatever it fails with.

    Without a `needed` part this process can't serve viewers; without another it does so slower, or in part.
    """

    name: str
    ask: Callable[[], dict[str, Any]]
    needed: bool = False


@dataclass(frozen=True)
class Answer:
    """The state (ok, degraded, failed) of a part, and how long it took to find out."""

    state: str
    milliseconds: float
    needed: bool
    reason: str
    figures: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """For those who watch the site."""
        said = {"reason": self.reason} if self.reason else {}
        return {
            "state": self.state, "needed": self.needed, "milliseconds": round(self.milliseconds, 1), **self.figures,
            **said,
        }  # fmt: skip


class _Question:
    """One part being asked in a thread."""

    def __init__(self, part: Part) -> None:
        self._part, self._began = part, time.monotonic()
        self._answer: Answer | None = None
        self.thread = threading.Thread(target=self._ask, name=f"ready-{part.name}", daemon=True)
        self.thread.start()

    def answer(self) -> Answer:
        """What came of it until now."""
        return self._answer or self._result("failed", f"no answer for {time.monotonic() - self._began:.1f} s")

    def _ask(self) -> None:
        try:
            self._answer = self._result("ok", "", self._part.ask())
        except Degraded as reason:
            self._answer = self._result("degraded", *reason.args)
        except Exception as error:  # whatever a driver raises: the part doesn't work
            self._answer = self._result("failed", f"{type(error).__name__}: {error}")

    def _result(self, state: str, reason: str, figures: dict[str, Any] | None = None) -> Answer:
        milliseconds = (time.monotonic() - self._began) * 1000
        return Answer(state, milliseconds, self._part.needed, reason, figures or {})


class Readiness:
    """The parts of one process, asked when somebody wants to know."""

    def __init__(self, parts: list[Part]) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._asked: dict[str, _Question] = {}
        self._found: dict[str, Answer] = {}
        self._found_at = -math.inf

    def ask(self) -> dict[str, Answer]:
        """The answers of all parts, at most KEPT_FOR old; takes PATIENCE at most."""
        with self._lock:
            if time.monotonic() - self._found_at >= KEPT_FOR:
                self._found, self._found_at = self._ask(), time.monotonic()
            return self._found

    def _ask(self) -> dict[str, Answer]:
        for part in self._parts:
            before = self._asked.get(part.name)
            if before is None or not before.thread.is_alive():
                self._asked[part.name] = _Question(part)
        until = time.monotonic() + PATIENCE
        for question in self._asked.values():
            question.thread.join(max(0.0, until - time.monotonic()))
        return {name: question.answer() for name, question in self._asked.items()}


def overall(answers: dict[str, Answer]) -> str:
    """ready, degraded (viewers are served), or failed."""
    if any(answer.needed and answer.state == "failed" for answer in answers.values()):
        return "failed"
    return "ready" if all(answer.state == "ok" for answer in answers.values()) else "degraded"


def parts() -> list[Part]:
    """What this site depends on."""
    replicas = [alias for alias, found in settings.DATABASES.items() if found["ENGINE"] == ENGINE]
    return [
        Part("database", lambda: _ask_database(DEFAULT_DB_ALIAS), needed=True),
        *(Part(alias, lambda alias=alias: _ask_replica(alias)) for alias in replicas),  # type: ignore[misc]
        Part("redis", _ask_redis),
        Part("broker", _ask_broker),
        Part("videos", _ask_videos, needed=settings.VIDEO_STORAGE_URL.startswith("file:")),
        Part("disk", _ask_disk),
    ]


def _ask_database(alias: str) -> dict[str, Any]:
    connection = _own_connection(alias)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    finally:
        connection.close()
    return {}


def _own_connection(alias: str) -> BaseDatabaseWrapper:
    """A connection of this thread's own, with short time-outs; to a replica without the way to the primary."""
    configured = connections.settings[alias]
    if configured["ENGINE"] not in (ENGINE, "utils.mariadb"):
        return connections.create_connection(alias)
    from utils.mariadb.base import DatabaseWrapper

    return DatabaseWrapper({**configured, "OPTIONS": {**configured["OPTIONS"], **LIMITS}}, alias)


def _ask_replica(alias: str) -> dict[str, Any]:
    """Also says why requests don't read from it at the moment."""
    watching = watch()
    watching.start()
    _ask_database(alias)
    replica = watching.find(alias)
    figures = {"lag_milliseconds": round(replica.lag * 1000)} if math.isfinite(replica.lag) else {}
    if replica.trouble and replica.trouble != WATCHED:
        raise Degraded(f"left out: {replica.trouble}", figures)
    return figures


def _ask_redis() -> dict[str, Any]:
    get_redis_connection("default").ping()
    return {}


def _ask_broker() -> dict[str, Any]:
    patience = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0}
    with current_app.connection_for_write(transport_options=patience) as connection:
        connection.default_channel.client.ping()  # type: ignore[attr-defined]  # of kombu for Redis
    return {}


def _ask_videos() -> dict[str, Any]:
    videos().check()
    return {}


def _ask_disk() -> dict[str, Any]:
    free = free_room()
    if free < settings.DISK_RESERVE:
        raise Degraded("less than DISK_RESERVE is free", {"free_bytes": free})
    return {"free_bytes": free}
