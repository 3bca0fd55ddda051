"""A real MariaDB for tests, in a folder of its own, on loopback.

Its files are copies of those of an empty server that is kept in build/: installing one takes seconds.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

STARTS_WITHIN = 60.0  # seconds
DATABASE = "streamsite"
WITH_US = ["setpriv", "--pdeathsig", "TERM"]  # before a command: it ends when its parent was killed
KEPT = Path(__file__).resolve().parents[1] / "build" / "tests"
INSTALL = ["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"]
# Quicker, as nothing has to outlast a power failure, and a small log, as it is copied.
QUICK = [
    "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-doublewrite=0",
    "--innodb-log-file-size=16M",
]  # fmt: skip


def program(name: str) -> str:
    """The path of one of MariaDB's programs. What is missing is said: these tests are never skipped."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if not found:
        raise RuntimeError(f"{name} is missing: run deploy/embedded/test-machine.sh (it installs mariadb-server).")
    return found


@contextmanager
def running(folder: Path, *, files: Path | None = None, whole: bool = False) -> Iterator[str]:
    """Start a server in `folder`; gives its address without a database: mysql://root@127.0.0.1:port.

    It is as Debian installs it: general_ci, and no names of time zones; it begins with a copy of `files`, else empty.
    In the end its files are of no use, unless they are asked for `whole`.
    """
    copy(files or installed(), folder / "mariadb")
    port = free_port()
    server = start(folder, port, f"--innodb-fast-shutdown={0 if whole else 2}")
    try:
        yield f"mysql://root@127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def start(folder: Path, port: int, *options: str) -> subprocess.Popen[bytes]:
    """A server with the files in `folder`, once it answers."""
    temporary = folder / "tmp"  # of its own: a server that starts deletes the temporary tables that it finds
    temporary.mkdir(exist_ok=True)
    server = subprocess.Popen(
        [
            *WITH_US, program("mariadbd"), "--no-defaults", f"--datadir={folder / 'mariadb'}",
            f"--socket={folder / 'm.sock'}", f"--port={port}", "--bind-address=127.0.0.1",
            "--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci", "--skip-name-resolve",
            "--innodb-buffer-pool-size=64M", "--max-connections=200", f"--pid-file={folder / 'm.pid'}",
            f"--log-error={folder / 'error.log'}", f"--tmpdir={temporary}", *options, *QUICK, *_account(),
        ]
    )  # fmt: skip
    until = time.monotonic() + STARTS_WITHIN
    while not _answers(port):
        if server.poll() is not None or time.monotonic() > until:
            server.kill()
            raise RuntimeError("MariaDB did not start:\n" + (folder / "error.log").read_text()[-3000:])
        time.sleep(0.1)
    return server


@cache
def installed() -> Path:
    """The kept files of an empty server of this version; made where there are none."""
    version = subprocess.run([program("mariadbd"), "--version"], capture_output=True, check=True).stdout
    kept = KEPT / f"mariadb-{hashlib.sha256(version + repr([INSTALL, QUICK]).encode()).hexdigest()[:16]}"
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as folder:
            command = [
                program("mariadb-install-db"),
                *INSTALL,
                f"--datadir={folder}/data",
                f"--tmpdir={folder}",
                "--innodb-log-file-size=16M",
            ]
            subprocess.run([*command, *_account()], check=True, capture_output=True)
            keep(Path(folder, "data"), kept)
    return kept


def keep(files: Path, kept: Path) -> None:
    """Move `files` to `kept`, unless another process was first: what is there is always whole."""
    try:
        files.rename(kept)
    except OSError:
        if not kept.exists():
            raise


def copy(files: Path, target: Path) -> None:
    subprocess.run(["cp", "-r", "--reflink=auto", "--sparse=always", str(files), str(target)], check=True)


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


def _account() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []
