"""Second stage of `make stack`: starts everything a site runs on as private instances in DATA_DIR, and watches it.

Runs in the virtual environment created by bootstrap.py. Reads PORT, DATA_DIR and DEMO (1, small or 0).
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "embedded"))

import broker
import options
import parts
import servers
import starting
from console import fail, say
from processes import adopt_orphans, end_all, stop_when_hung_up
from supervisor import Supervisor

options.command = "make stack"
KEPT = "stack"  # the folder in DATA_DIR with the databases, logs and configuration
MODULES = Path("/usr/lib/nginx/modules")


def main() -> int:
    os.umask(0o077)  # inherited by all child processes
    data_dir = options.data_dir()
    if "\n" in str(data_dir):
        fail("The stack can't use a folder with a line break in its name. Choose another: make stack DATA_DIR=…")
    demo = options.demo()
    lock = starting.occupy(data_dir)
    if (data_dir / "db.sqlite3").exists():
        fail(f"{data_dir} belongs to `make run`. Choose another folder: make stack DATA_DIR=…")
    port = options.port()
    starting.sign(lock)
    starting.stop_by_signals()
    adopt_orphans()
    shutil.rmtree(data_dir / "work", ignore_errors=True)  # interrupted encodes start over
    run_dir = starting.make_run_dir(data_dir)
    kept = data_dir / KEPT
    kept.mkdir(exist_ok=True)
    supervisor = Supervisor(kept, lock)
    try:
        serve(port, data_dir, run_dir, demo, supervisor)
    except OSError as error:  # for example, the disk became full
        fail(f"{error.strerror}: {error.filename or data_dir}")
    except starting.Stopped:
        starting.ignore_signals()
        with contextlib.suppress(OSError):  # the terminal may be gone
            print("\nStopping …", flush=True)
        return 0
    finally:
        starting.ignore_signals()
        supervisor.stop()
        end_all()
        (data_dir / "run.env").unlink(missing_ok=True)
        shutil.rmtree(run_dir, ignore_errors=True)


def serve(port: int, data_dir: Path, run_dir: Path, demo: str, supervisor: Supervisor) -> NoReturn:
    """Start the parts, print the addresses, and watch the parts until a signal raises Stopped."""
    kept = data_dir / KEPT
    databases = [
        servers.Server(number, kept / name, run_dir / f"{name}.sock", parts.free_port())
        for number, name in enumerate(["primary", *(f"replica-{n + 1}" for n in range(servers.REPLICAS))], start=1)
    ]
    say("Starting MariaDB and Redis")
    servers.install(databases)
    known = servers.passwords(kept / "passwords.json")
    broker.prepare(run_dir, data_dir)
    if not broker.is_sound(run_dir, data_dir):
        say("The queue was damaged, possibly by a power failure. Rebuilding it")
        broker.delete_data(data_dir)
    supervisor.start(parts.redis(run_dir), *map(parts.database, databases))
    servers.set_up(databases, known)
    password = known[servers.DATABASE]
    env = starting.site_settings(
        port,
        data_dir,
        run_dir,
        demo,
        DATABASE_URL=databases[0].url(password),
        DATABASE_REPLICA_URLS=",".join(server.url(password) for server in databases[1:]),
    )
    say("Preparing the database")
    outbox_key = secrets.token_urlsafe(24)
    admin_password = starting.prepare(env | {"OUTBOX_KEY": outbox_key}, data_dir)
    say("Starting the nodes and workers")
    nodes = parts.nodes(env, run_dir)
    configure_nginx(env, port, kept, [part.address for part in nodes])
    supervisor.start(*nodes, *parts.workers(env, run_dir, kept), *parts.cashier(env))
    address = f"http://127.0.0.1:{port}/"
    supervisor.start(parts.nginx(kept / "nginx", address))
    is_new = starting.create_demo(env, data_dir, demo, address, supervisor.wait)
    starting.print_ending(address, outbox_key, admin_password)
    starting.queue_films(env, demo)
    if is_new:
        print("  The demo films become available one by one.", flush=True)
    print("  make stack-status lists the parts. Ctrl-C stops everything.\n", flush=True)
    stop_when_hung_up()
    supervisor.watch()


def configure_nginx(env: dict[str, str], port: int, kept: Path, nodes: list[str]) -> None:
    """Write nginx.conf and, by `manage.py nginx_config`, the site's configuration beside it."""
    folder = kept / "nginx"
    folder.mkdir(exist_ok=True)
    brotli = MODULES / "ngx_http_brotli_filter_module.so"
    arguments = ["--listen", f"127.0.0.1:{port}", "--acme", str(folder / "acme"), "--page-cache", str(folder / "pages")]
    arguments += ["--logs", str(new_logs(folder / "logs"))]
    for node in nodes:
        arguments += ["--node", node]
    arguments += ["--brotli"] if brotli.exists() else []
    if starting.command(env, "nginx_config", *arguments, "--output", str(folder / "site.conf")).wait():
        fail("nginx could not be configured; see the error above.")
    site = str(folder / "site.conf")
    if set("*?[") & set(site):  # `include` takes it for a pattern, where a backslash means something too
        site = re.sub(r"[*?\[\\]", r"\\\g<0>", site)
    values = {
        "folder": escaped(str(folder)),
        "site": escaped(site),
        "modules": f"load_module {brotli};" if brotli.exists() else "",
        "user": "user root;" if os.geteuid() == 0 else "",  # it reads files that only their owner may read
    }
    (folder / "nginx.conf").write_text((ROOT / "deploy" / "stack" / "nginx.conf").read_text() % values)


def escaped(path: str) -> str:
    """The path between the quotes of a directive without variables."""
    return path.replace("\\", "\\\\").replace('"', '\\"')


def new_logs(folder: Path) -> Path:
    """The folder of nginx's logs, with those of the run before as .log.1."""
    folder.mkdir(exist_ok=True)
    for log in folder.glob("*.log"):
        log.replace(log.with_suffix(".log.1"))
    return folder


if __name__ == "__main__":
    # As in bootstrap.py: a caller that ignores SIGINT hands that down. main() has handlers of its own later.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        fail("Stopped before the stack started.")
