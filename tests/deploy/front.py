"""What a site runs on, real: nginx with the configuration that the site prints, and uWSGI nodes as shipped."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.browser.nginx import free_port, write_main
from tests.conftest import ROOT
from tests.environment import SOCKET
from tests.migrated import put_sqlite

WITHIN = 120.0  # seconds; a busy machine is no fault
BIN = Path(sys.executable).parent


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Front:
    """nginx with TLS, and nodes; everything in a folder of its own."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.plain, self.secure = free_port(), free_port()
        self.nodes: dict[int, subprocess.Popen[bytes]] = {}
        self.nginx: subprocess.Popen[bytes] | None = None
        self.env = {
            **os.environ, "DATA_DIR": str(self.data), "DATABASE_URL": "", "REDIS_URL": f"unix://{SOCKET}", "DEMO": "0",
            "SITE_URL": f"https://127.0.0.1:{self.secure}", "ALLOWED_HOSTS": "127.0.0.1",
            **env,
        }  # fmt: skip

    def manage(self, *arguments: str, **changed: str) -> str:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env={**self.env, **changed}, check=True, text=True,
            stdout=subprocess.PIPE, umask=0,
        ).stdout  # fmt: skip

    def start_node(self, number: int, *options: str) -> None:
        base = self.folder / f"node-{number}"
        base.with_suffix(".sock").unlink(missing_ok=True)
        log = base.with_suffix(".log").open("ab")
        self.nodes[number] = subprocess.Popen(
            [BIN / "uwsgi", "--ini", ROOT / "deploy/node/uwsgi.ini", "--socket", f"{base}.sock",
             "--master-fifo", f"{base}.fifo", "--processes", "1", *options],
            cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        log.close()

    def log(self, number: int) -> str:
        return (self.folder / f"node-{number}.log").read_text()

    def until_ready(self, number: int, times: int = 1) -> None:
        """Until a process of the node has loaded the application so often."""
        until(lambda: self.log(number).count("WSGI app 0") >= times, lambda: self.log(number))

    def ask_node(self, number: int, command: str) -> None:
        (self.folder / f"node-{number}.fifo").write_text(command)

    def start_nginx(self, *options: str) -> None:
        certificate = make_certificate(self.folder)
        (self.folder / "logs").mkdir(exist_ok=True)
        text = self.manage(
            "nginx_config", "--listen", f"127.0.0.1:{self.plain}", "--listen-tls", f"127.0.0.1:{self.secure}",
            "--certificate", str(certificate), "--key", str(certificate.with_suffix(".key")),
            "--acme", str(self.folder / "acme"), "--page-cache", str(self.folder / "pages"),
            "--logs", str(self.folder / "logs"),
            *(part for number in self.nodes for part in ("--node", f"unix:{self.folder}/node-{number}.sock")), *options,
        )  # fmt: skip
        write_main(self.folder, text)
        self.nginx = subprocess.Popen(["/usr/sbin/nginx", "-c", self.folder / "nginx.conf"])
        until(lambda: not socket.socket().connect_ex(("127.0.0.1", self.secure)), lambda: "nginx")

    def ask(self, address: str, method: str = "GET", body: bytes | None = None, *, plain: bool = False,
            headers: Mapping[str, str] | None = None, of: str = "127.0.0.1") -> Answer:  # fmt: skip
        """The answer to a request from the address `of` of loopback."""
        with contextlib.closing(self.connection(plain=plain, of=of)) as connection:
            connection.request(method, address, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def connection(self, *, plain: bool = False, of: str = "127.0.0.1") -> http.client.HTTPConnection:
        if plain:
            return http.client.HTTPConnection("127.0.0.1", self.plain, timeout=60, source_address=(of, 0))
        context = ssl.create_default_context(cafile=str(self.folder / "site.pem"))
        return http.client.HTTPSConnection(
            "127.0.0.1", self.secure, timeout=60, context=context, source_address=(of, 0)
        )

    def stop(self) -> None:
        for process in filter(None, (self.nginx, *self.nodes.values())):
            if process.poll() is None:
                process.terminate()
        for process in filter(None, (self.nginx, *self.nodes.values())):
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()


def make_certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 that it signed itself, with its key beside it."""
    certificate = folder / "site.pem"
    if not certificate.exists():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
             certificate.with_suffix(".key"), "-out", certificate],
            check=True, capture_output=True,
        )  # fmt: skip
    return certificate


def until(true: Callable[[], bool], about: Callable[[], str]) -> None:
    end = time.monotonic() + WITHIN
    while not true():
        assert time.monotonic() < end, about()
        time.sleep(0.05)


@contextlib.contextmanager
def asked(front: Front, address: str, *, people: int = 6) -> Iterator[list[int]]:
    """The statuses of requests that people make one after the other meanwhile; 0: no answer at all."""
    statuses: list[int] = []
    enough = threading.Event()

    def go_on() -> None:
        connection = front.connection()
        while not enough.is_set():
            try:
                connection.request("GET", address)
                answer = connection.getresponse()
                answer.read()
                statuses.append(answer.status)
            except (OSError, http.client.HTTPException):
                statuses.append(0)
                connection.close()
        connection.close()

    threads = [threading.Thread(target=go_on) for _ in range(people)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        enough.set()
        for thread in threads:
            thread.join()


@contextlib.contextmanager
def running_front(
    *, nodes: int = 3, options: tuple[str, ...] = (), config: tuple[str, ...] = ("--rate", "0"), **env: str
) -> Iterator[Front]:
    """nginx, configured with options `config`, and nodes with `options`; the site's defaults, and settings `env`."""
    folder = Path(tempfile.mkdtemp(prefix="front-"))
    front = Front(folder, **env)
    put_sqlite(front.data / "db.sqlite3")
    front.manage("collectstatic", "--noinput", "-v", "0")
    try:
        for number in range(1, nodes + 1):
            front.start_node(number, *options)
        front.start_nginx(*config)
        for number in front.nodes:
            front.until_ready(number)
        yield front
    finally:
        front.stop()
        shutil.rmtree(folder, ignore_errors=True)
