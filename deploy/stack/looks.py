"""Looks at running parts from outside: what uWSGI, Redis, MariaDB and nginx say of themselves."""

from __future__ import annotations

import contextlib
import json
import socket
from pathlib import Path
from typing import Any

import redis
import starting
from servers import DATABASE, Server

PATIENCE = 2.0  # seconds


def accepts(port: int) -> bool:
    """Whether something listens on this port of loopback."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=PATIENCE):
        return True
    return False


def node_counters(stats: str) -> dict[str, Any]:
    """uWSGI's counters. Raises OSError or ValueError."""
    with socket.socket(socket.AF_UNIX) as talk:
        talk.settimeout(PATIENCE)
        talk.connect(stats)
        told = b""
        while piece := talk.recv(65536):
            told += piece
    counters: dict[str, Any] = json.loads(told)
    return counters


def node_is_ready(stats: str) -> bool:
    """Whether all processes of a node have loaded the application."""
    with contextlib.suppress(OSError, ValueError):
        workers = node_counters(stats)["workers"]
        return bool(workers) and all(worker["apps"] for worker in workers)
    return False


def node(stats: str) -> str:
    counters = node_counters(stats)
    return f"{sum(worker['requests'] for worker in counters['workers'])} requests"


def queue(broker_socket: str, name: str) -> str:
    """The number of messages that wait in a queue."""
    return f"{_redis(broker_socket, 0).llen(name)} waiting"


def beat(broker_socket: str) -> str:
    """Whether a beat holds the lock (streamsite/beat.py)."""
    return "holds the lock" if _redis(broker_socket, 1).exists("beat") else "no beat holds the lock"


def memory(broker_socket: str) -> str:
    return f"{_redis(broker_socket, 0).info('memory')['used_memory_human']} used"


def replica(primary_socket: str, replica_socket: str) -> str:
    """How far a replica is behind, by the heartbeat row; or why it doesn't follow."""
    primary, one = Server(1, Path(), Path(primary_socket)), Server(2, Path(), Path(replica_socket))
    rows = [line.split("\t") for line in one.execute("SHOW SLAVE STATUS", names=True).split("\n")]
    status = dict(zip(rows[0], rows[-1], strict=True))
    for thread in ("IO", "SQL"):
        if status.get(f"Slave_{thread}_Running") != "Yes":
            why = status.get(f"Last_{thread}_Error") or f"the {thread} thread doesn't run"
            return f"doesn't follow: {why}"
    heartbeat = f"FROM {DATABASE}.utils_replicaheartbeat"
    latest = primary.execute(f"SELECT number {heartbeat}")
    found = one.execute(f"SELECT number, TIMESTAMPDIFF(MICROSECOND, at, UTC_TIMESTAMP(6)) / 1e6 {heartbeat}")
    if not latest:
        return "lag 0.0 s"  # no page was asked for yet, so no heart beats
    if not found:
        return "lag unknown"
    number, seconds = found.split("\t")
    return f"lag {0.0 if int(number) >= int(latest) else float(seconds):.1f} s"


def connections(primary_socket: str) -> str:
    """The number of connections to a server."""
    return Server(1, Path(), Path(primary_socket)).execute("SHOW STATUS LIKE 'Threads_connected'").split("\t")[1]


def front(address: str) -> str:
    return "answers" if starting.answers(address) else "doesn't answer"


def _redis(broker_socket: str, db: int) -> redis.Redis:
    return redis.Redis(unix_socket_path=broker_socket, db=db, socket_timeout=PATIENCE)
