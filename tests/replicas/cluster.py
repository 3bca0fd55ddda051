"""A real MariaDB primary and replicas with GTID replication, in one folder, on loopback."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import mariadb
from tests.migrated import mariadb_files

PRIMARY = 1  # server id; the replicas' are 2, 3 …
BINARY_LOG = ["--log-bin=bin", "--binlog-format=ROW", "--gtid-domain-id=0", "--sync-binlog=0"]
FOLLOW = """
    CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={port}, MASTER_USER='root', MASTER_USE_GTID=slave_pos,
        MASTER_CONNECT_RETRY=1;
    SET GLOBAL slave_net_timeout = 5;
    START SLAVE;
"""


class Server:
    """One server of the cluster, which can be stopped in every way."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder, self.number, self.port = folder, number, mariadb.free_port()
        folder.mkdir()
        mariadb.copy(mariadb_files(), folder / "mariadb")
        self.start()

    def start(self) -> None:
        """Start it, for the first time or after `kill`."""
        replica = [] if self.number == PRIMARY else ["--read-only=1", "--relay-log=relay"]
        self._process = mariadb.start(
            self.folder, self.port, f"--server-id={self.number}", "--innodb-fast-shutdown=2", *BINARY_LOG, *replica
        )

    @property
    def address(self) -> str:
        return f"mysql://root@127.0.0.1:{self.port}/{mariadb.DATABASE}"

    def execute(self, sql: str) -> None:
        client = [mariadb.program("mariadb"), "--no-defaults", "--protocol=tcp", "-h127.0.0.1", f"-P{self.port}"]
        subprocess.run([*client, "-uroot", "-e", sql], check=True, capture_output=True)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Let it answer nothing, as behind a cut line: the kernel still takes connections and bytes."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def running(folder: Path, *, replicas: int = 2) -> Iterator[list[Server]]:
    """A primary and its replicas, all with the site's tables and nothing else."""
    servers: list[Server] = []
    try:
        for number in range(PRIMARY, PRIMARY + 1 + replicas):
            servers.append(Server(folder / f"server{number}", number))
        for replica in servers[1:]:
            replica.execute(FOLLOW.format(port=servers[0].port))
        yield servers
    finally:
        for server in servers:
            server.kill()
