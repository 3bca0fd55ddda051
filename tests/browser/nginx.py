"""A real nginx with the configuration that the site prints."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.browser.conftest import Site

MAIN = """
%(modules)s
%(user)s
daemon off;
worker_processes 2;
pid %(folder)s/pid;
error_log %(folder)s/error.log;
events {}
http {
    access_log off;
    client_body_temp_path %(folder)s/body; proxy_temp_path %(folder)s/proxy; uwsgi_temp_path %(folder)s/uwsgi;
    fastcgi_temp_path %(folder)s/fastcgi; scgi_temp_path %(folder)s/scgi;
    include %(folder)s/site.conf;
    %(more)s
}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_main(folder: Path, site: str, *, modules: str = "", more: str = "") -> None:
    """A main nginx.conf in the folder around a `site`'s configuration; `more` stands beside the site's block."""
    (folder / "site.conf").write_text(site)
    user = "user root;" if os.geteuid() == 0 else ""
    values = {"user": user, "folder": folder, "modules": modules, "more": more}
    (folder / "nginx.conf").write_text(MAIN % values)


def start_nginx(
    site: Site, port: int, folder: Path, *, more: str = "", nodes: Sequence[Path] = (), **changed: str
) -> subprocess.Popen[str]:
    """nginx in front of the site's uWSGI socket or of `nodes`, files in `folder`; `more` stands beside its block.

    Settings `changed` are those its configuration is printed with.
    """
    folder.mkdir(exist_ok=True)
    run = Path((site.data / "run.env").read_text().split("REDIS_URL=unix://")[1].split("\n")[0]).parent
    sockets = [part for file in nodes or [run / "uwsgi.sock"] for part in ("--node", f"unix:{file}")]
    options = ("--listen", f"127.0.0.1:{port}", *sockets, "--rate", "0")
    block = site.manage("nginx_config", *options, **changed)
    write_main(folder, block, more=more)
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", folder / "nginx.conf"], stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 20
    while socket.socket().connect_ex(("127.0.0.1", port)):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(process.communicate()[1])
        time.sleep(0.05)
    return process
