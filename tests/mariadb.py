"""A real MariaDB for a test session, in a folder of its own, on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STARTS_WITHIN = 60.0  # seconds
WITH_US = ["setpriv", "--pdeathsig", "TERM"]  # before a command: it ends when its parent was killed
QUICK = ["--innodb-flush-method=nosync", "--innodb-doublewrite=0", "--innodb-fast-shutdown=2"]


def program(name: str) -> str:
    """The path of one of MariaDB's programs. What is missing is said: these tests are never skipped."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if not found:
        raise RuntimeError(f"{name} is missing: run deploy/embedded/test-machine.sh (it installs mariadb-server).")
    return found


@contextmanager
def running(folder: Path, *, lasting: bool = True) -> Iterator[str]:
    """Start a server in `folder`; gives its address without a database: mysql://root@127.0.0.1:port.

    It is as Debian installs it: general_ci, and no names of time zones. One that isn't `lasting` would
    lose what it has in a power cut, and is quicker for it.
    """
    account = ["--user=root"] if os.geteuid() == 0 else []
    data = folder / "mariadb"
    subprocess.run(
        [
            program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--skip-test-db",
            "--auth-root-authentication-method=normal", *account,
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            *WITH_US, program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--socket={folder / 'm.sock'}",
            f"--port={port}", "--bind-address=127.0.0.1", "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_general_ci", "--skip-name-resolve",
            "--innodb-buffer-pool-size=64M",
            f"--innodb-flush-log-at-trx-commit={1 if lasting else 0}", *([] if lasting else QUICK),
            "--max-connections=200", f"--pid-file={folder / 'm.pid'}",
            f"--log-error={folder / 'error.log'}", *account,
        ]
    )  # fmt: skip
    until = time.monotonic() + STARTS_WITHIN
    try:
        while not _answers(port):
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError("MariaDB did not start:\n" + (folder / "error.log").read_text()[-3000:])
            time.sleep(0.1)
        yield f"mysql://root@127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


def create_database(address: str, name: str) -> str:
    """A fresh database; gives its DATABASE_URL."""
    port = address.rsplit(":", 1)[1]
    sql = f"DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
    client = [program("mariadb"), "--no-defaults", "--protocol=tcp", "-h127.0.0.1", f"-P{port}", "-uroot", "-e", sql]
    subprocess.run(client, check=True, capture_output=True)
    return f"{address}/{name}"


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as talk:
            return bool(talk.recv(1))
    except OSError:
        return False
