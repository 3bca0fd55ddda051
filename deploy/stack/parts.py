"""The parts of the stack: what is started, how it is known to be ready, and how it ends."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from functools import partial
from pathlib import Path

import broker
import looks
import starting
from console import fail
from options import VENV
from servers import Server
from supervisor import Part
from units import units


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def redis(run_dir: Path) -> Part:
    file = run_dir / "broker.sock"
    command: list[str | Path] = [run_dir / "broker", run_dir / "broker.conf"]
    return Part(
        "redis", "Redis", command, f"unix:{file}", socket=str(file), is_ready=lambda: broker.answers(run_dir)
    )  # fmt: skip


def database(server: Server) -> Part:
    kind = "MariaDB primary" if server.is_primary else "MariaDB replica"
    where = f"127.0.0.1:{server.port}"
    return Part(server.name, kind, server.command, where, socket=str(server.socket), is_ready=server.answers)


def nodes(env: dict[str, str], run_dir: Path) -> list[Part]:
    """The web nodes, each with a socket on which uWSGI tells its counters."""
    found = []
    for unit in units(run_dir=run_dir, state_dir=run_dir):
        if unit.kind == "node":
            name = f"node-{unit.instance}"
            stats = run_dir / f"{name}.stats"
            command = [*unit.command, "--listen", str(starting.backlog()), "--stats", str(stats)]
            found.append(
                Part(
                    name, "uWSGI node", command, f"unix:{run_dir}/{name}.sock", env, unit.stop_signal,
                    is_ready=partial(looks.node_is_ready, str(stats)), socket=str(stats),
                )
            )  # fmt: skip
    return found


def workers(env: dict[str, str], run_dir: Path, state_dir: Path) -> list[Part]:
    """A worker for each queue, and beat."""
    found = []
    for unit in units(run_dir=run_dir, state_dir=state_dir):
        if unit.kind == "worker":
            name, kind = f"worker-{unit.instance}", "Celery worker"
            found.append(Part(name, kind, unit.command, "-", env, unit.stop_signal, queue=unit.instance))
        elif unit.kind == "beat":
            found.append(Part("beat", "Celery beat", unit.command, "-", env, unit.stop_signal))
    return found


def cashier(env: dict[str, str]) -> list[Part]:
    """The local cashier, unless another gateway is configured."""
    if "CASHIER_PORT" not in env:
        return []
    port = int(env["CASHIER_PORT"])
    command: list[str | Path] = [VENV / "bin" / "python", "manage.py", "cashier", "--settings", "streamsite.cashier"]
    return [
        Part(
            "cashier", "local cashier", command, f"http://127.0.0.1:{port}/", env, is_ready=partial(looks.accepts, port)
        )
    ]


def nginx(folder: Path, address: str) -> Part:
    binary = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if not binary:
        fail("nginx is missing. Install it and try again: sudo apt install nginx")
    command: list[str | Path] = [binary, "-e", "stderr", "-c", folder / "nginx.conf"]
    return Part(
        "nginx", "nginx", command, address, stop_signal=signal.SIGTERM, is_ready=lambda: starting.answers(address)
    )  # fmt: skip
