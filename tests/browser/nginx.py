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
%(user)s
daemon off;
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
    (folder / "site.conf").write_text(block)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN % {"user": user, "folder": folder, "more": more})
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", folder / "nginx.conf"], stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 20
    while socket.socket().connect_ex(("127.0.0.1", port)):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(process.communicate()[1])
        time.sleep(0.05)
    return process
