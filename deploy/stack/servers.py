"""MariaDB: a primary and replicas with GTID replication, by the configuration in deploy/mariadb."""

from __future__ import annotations

import getpass
import json
import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from console import fail
from options import ROOT
from processes import die_with_parent

DATABASE = "streamsite"
REPLICAS = 2
# What three servers on one machine change: less memory each, loopback, and enough connections for three nodes.
OWN = ["--bind-address=127.0.0.1", "--innodb-buffer-pool-size=128M", "--max-connections=400"]


@dataclass(frozen=True)
class Server:
    """One MariaDB server. The user who runs it administers it over its socket, without a password."""

    number: int  # its server_id
    folder: Path
    socket: Path
    port: int = 0

    @property
    def name(self) -> str:
        return "primary" if self.is_primary else f"replica-{self.number - 1}"

    @property
    def is_primary(self) -> bool:
        return self.number == 1

    @property
    def command(self) -> list[str | Path]:
        shipped = ROOT / "deploy" / "mariadb" / ("primary.cnf" if self.is_primary else "replica.cnf")
        return [
            program("mariadbd"), f"--defaults-file={shipped}", f"--server-id={self.number}",
            f"--datadir={self.folder}", f"--socket={self.socket}", f"--pid-file={self.socket}.pid",
            f"--port={self.port}", f"--tmpdir={self.temporary}", *OWN, *_account(),
        ]  # fmt: skip

    @property
    def temporary(self) -> Path:
        """A folder of its own: a server that starts deletes what it finds in it, the tables of others included."""
        return self.socket.with_suffix(".tmp")

    def url(self, password: str) -> str:
        return f"mysql://{DATABASE}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    def execute(self, sql: str, *, names: bool = False) -> str:
        """The rows that statements return, tab-separated, after a line of `names`. Raises CalledProcessError."""
        command = [
            program("mariadb"),
            "--no-defaults",
            f"--socket={self.socket}",
            "--batch",
            *([] if names else ["--skip-column-names"]),
        ]
        done = subprocess.run(
            command, input=sql, capture_output=True, text=True, check=True, preexec_fn=die_with_parent
        )  # fmt: skip
        return done.stdout.rstrip("\n")

    def answers(self) -> bool:
        try:
            return self.execute("SELECT 1") == "1"
        except subprocess.CalledProcessError:
            return False


def program(name: str) -> str:
    """The path of one of MariaDB's programs."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if not found:
        fail(f"{name} is missing. Install MariaDB and try again: sudo apt install mariadb-server")
    return found


def install(servers: list[Server]) -> None:
    """Create the data folders that don't exist, all at once. An interrupted installation is repeated."""
    for server in servers:
        server.temporary.mkdir(exist_ok=True)
    missing = [server for server in servers if not server.folder.exists()]
    primary = servers[0].folder
    if servers[0] in missing and len(missing) < len(servers):
        fail(f"{primary} is missing, but replicas of it exist. Put it back, or move {primary.parent} away.")
    running = []
    for server in missing:
        new = server.folder.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        link = server.socket.with_suffix(".new")  # a plain path: the installer is a script that takes no spaces
        link.symlink_to(new)
        command = [
            program("mariadb-install-db"), "--no-defaults", f"--datadir={link}",
            f"--tmpdir={server.temporary}", "--skip-test-db",
            "--auth-root-authentication-method=socket", f"--auth-root-socket-user={getpass.getuser()}", *_account(),
        ]  # fmt: skip
        running.append(
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=die_with_parent
            )
        )
    for server, process in zip(missing, running, strict=True):
        said, _ = process.communicate()
        if process.returncode:
            fail(f"MariaDB could not be installed in {server.folder}:\n{said[-2000:]}")
        server.folder.with_suffix(".new").rename(server.folder)


def passwords(file: Path) -> dict[str, str]:
    """The passwords of the site's and the replicas' accounts, generated on the first start."""
    if file.exists():
        kept: dict[str, str] = json.loads(file.read_text())
        return kept
    made = {name: secrets.token_urlsafe(24) for name in (DATABASE, "replica")}
    new = file.with_suffix(".new")
    new.write_text(json.dumps(made))
    new.replace(file)
    return made


def set_up(servers: list[Server], known: dict[str, str]) -> None:
    """Create the accounts and the database, and let the replicas follow the primary. The servers are running."""
    for server in servers:
        server.execute(
            "SET sql_log_bin = 0;"  # every server has its own accounts
            f"CREATE OR REPLACE USER {DATABASE}@'127.0.0.1' IDENTIFIED BY '{known[DATABASE]}';"
            f"GRANT ALL ON {DATABASE}.* TO {DATABASE}@'127.0.0.1';"
            f"CREATE OR REPLACE USER replica@'127.0.0.1' IDENTIFIED BY '{known['replica']}';"
            "GRANT REPLICATION SLAVE ON *.* TO replica@'127.0.0.1';"
        )
    primary = servers[0]
    primary.execute(f"CREATE DATABASE IF NOT EXISTS {DATABASE} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    for replica in servers[1:]:
        replica.execute("STOP SLAVE")
        seeded = replica.folder / "seeded"
        if not seeded.exists():
            _seed(primary, replica)
            seeded.touch()
        replica.execute(
            f"CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {primary.port}, MASTER_USER = 'replica',"
            f" MASTER_PASSWORD = '{known['replica']}', MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1;"
            "START SLAVE"
        )


def _seed(primary: Server, replica: Server) -> None:
    """Copy the site's database to a replica, with the GTID from which it continues."""
    dump = [
        program("mariadb-dump"), "--no-defaults", f"--socket={primary.socket}", "--single-transaction",
        "--master-data=1", "--gtid", "--add-drop-database", "--databases", DATABASE,
    ]  # fmt: skip
    load = [program("mariadb"), "--no-defaults", f"--socket={replica.socket}", "--init-command=SET sql_log_bin = 0"]
    with subprocess.Popen(dump, stdout=subprocess.PIPE, preexec_fn=die_with_parent) as dumping:
        loaded = subprocess.run(load, stdin=dumping.stdout, capture_output=True, text=True, preexec_fn=die_with_parent)
    if dumping.returncode or loaded.returncode:
        fail(f"{replica.name} could not be filled from the primary: {loaded.stderr.strip()}")


def _account() -> list[str]:
    return [f"--user={getpass.getuser()}"] if os.geteuid() == 0 else []
