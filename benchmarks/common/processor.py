"""Processor time of this process and of the database server it asks, and figures of many calls.

BENCH_SERVER is the id of MariaDB's process; SQLite works within this one.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

Limits = tuple[float | None, float | None]  # p50 and p99 in milliseconds


def total(work: Callable[[], object]) -> float:
    """Seconds of processor time, the whole server's included."""
    began = time.process_time() + server_time()
    work()
    return time.process_time() + server_time() - began


def taken(ask: Callable[[], object]) -> float:
    """Seconds of processor time of one call, with those of the connection's thread in the server."""
    at = connection_time()
    began = time.process_time()
    ask()
    return time.process_time() - began + connection_time() - at


def p(times: list[float], percent: int) -> float:
    """A percentile in milliseconds."""
    return 1e3 * statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


def told(name: str, times: list[float]) -> None:
    print(f"{name}: p50 {p(times, 50):.2f} ms, p99 {p(times, 99):.2f} ms", flush=True)


def judged(name: str, times: list[float], limits: Limits) -> list[str]:
    """What is over its limit."""
    found = [(percent, p(times, percent), most) for percent, most in zip((50, 99), limits, strict=True) if most]
    return [f"{name}: p{percent} {is_:.1f} ms of {most}" for percent, is_, most in found if is_ > most]


def server_time() -> float:
    """Seconds of processor time that MariaDB has used; 0 on SQLite."""
    if not (pid := os.environ.get("BENCH_SERVER")):
        return 0
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def connection_time() -> float:
    """Seconds of processor time of MariaDB's thread for this connection; 0 on SQLite."""
    if not (pid := os.environ.get("BENCH_SERVER")):
        return 0
    from django.db import connection

    connection.ensure_connection()
    thread = _thread_of(connection.connection.thread_id())
    return int(Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0]) / 1e9


@cache
def _thread_of(identity: int) -> int:
    """The server's thread of the connection with this identity in the server."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT tid FROM information_schema.processlist WHERE id = %s", [identity])
        return int(cursor.fetchone()[0])
