"""What every start of the site shares: settings, folders, preparing the database, the demo, signals and the ending."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NoReturn

import modes
import options
from console import fail, say
from options import ROOT
from processes import die_with_parent

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SOCKET_PATH_LIMIT = 100  # bytes; sun_path holds 108


class Stopped(Exception):
    """Ctrl-C or a termination signal."""


def stop_by_signals() -> None:
    """Raise Stopped in the main thread at Ctrl-C, SIGTERM and SIGHUP."""
    for number in STOPPING:
        signal.signal(number, raise_stopped)


def ignore_signals() -> None:
    """From now on a second Ctrl-C must not leave processes running."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)


def raise_stopped(*_: Any) -> NoReturn:
    raise Stopped


def occupy(data_dir: Path) -> IO[str]:
    """Lock the data folder for this process, which lasts as long as any process has the file open."""
    lock = options.lock_data_dir(data_dir)
    if left := modes.close(data_dir):
        say(f"Other users on this machine can read {left[0]}" + (f" and {len(left) - 1} more" if left[1:] else ""))
    return lock


def sign(lock: IO[str]) -> None:
    """Write this process's id into the lock file."""
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()


def make_run_dir(data_dir: Path) -> Path:
    """A folder for sockets: in the data folder, or a temporary one if socket paths would be too long."""
    run_dir = data_dir / "run"
    plain = all(c.isascii() and (c.isalnum() or c in "/._-") for c in str(run_dir))
    if len(os.fsencode(run_dir / "broker.sock")) > SOCKET_PATH_LIMIT or not plain:
        return Path(tempfile.mkdtemp(prefix="streamsite-"))
    run_dir.mkdir(exist_ok=True)
    return run_dir


def site_settings(port: int, data_dir: Path, run_dir: Path, demo: str, **more: str) -> dict[str, str]:
    """The environment of the site's processes. Writes run.env, which manage.py commands read while the site runs."""
    shared = {
        "PORT": str(port),
        **cashier_port(),
        "REDIS_URL": f"unix://{run_dir / 'broker.sock'}",
        "DEMO": demo,
        **more,
    }
    (data_dir / "run.env").write_text("".join(f"{k}={v}\n" for k, v in shared.items()))
    return os.environ | {
        **shared,
        "DATA_DIR": str(data_dir),
        "DATA_GROUP_READS": "0",  # everything runs as one user
        "ROOT_DIR": str(ROOT),
        "RUN_DIR": str(run_dir),
        "DJANGO_SETTINGS_MODULE": "streamsite.settings",
        "OUTBOX": "1",  # emails are saved, not sent; the printed key opens them at /user/outbox/
    }


def backlog() -> int:
    """The listen backlog; uWSGI doesn't start if it exceeds the system's limit."""
    limit = Path("/proc/sys/net/core/somaxconn")
    return min(1024, int(limit.read_text())) if limit.exists() else 128


def cashier_port() -> dict[str, str]:
    """A free port for the local cashier, unless another gateway is configured."""
    gateway = os.environ.get("PAYMENT_GATEWAY") or ("alipay" if os.environ.get("ALIPAY_APP_ID") else "cashier")
    if gateway != "cashier" or os.environ.get("CASHIER_URL"):
        return {}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return {"CASHIER_PORT": str(probe.getsockname()[1])}


def prepare(env: dict[str, str], data_dir: Path) -> str:
    """Run prepare.py; returns the administrator's password, generated on the first start.

    It is stored in the data folder; deleting the file generates a new one.
    """
    kept, whole = data_dir / "admin-password", data_dir / "static-made"
    password = kept.read_text().strip() if kept.exists() else ""  # a power failure may leave it empty
    given = {} if password else {"ADMIN_PASSWORD": secrets.token_urlsafe(9)}
    if not whole.exists():  # an interrupted collectstatic may have left partial files
        shutil.rmtree(data_dir / "static", ignore_errors=True)
    whole.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "deploy/embedded/prepare.py"],
        cwd=ROOT,
        env=env | given,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        fail("The site could not be prepared; see the error above.")
    if given:
        password = given["ADMIN_PASSWORD"]
        new = kept.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(password)
        new.rename(kept)
    os.sync()
    whole.touch()
    return password


def command(env: dict[str, str], *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """Start a management command."""
    return subprocess.Popen(
        [sys.executable, "-u", "manage.py", *arguments],
        cwd=ROOT,
        env=env,
        text=True,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent,
        **options,
    )


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  (our own address)
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def create_demo(
    env: dict[str, str],
    data_dir: Path,
    demo: str,
    address: str,
    wait: Callable[[subprocess.Popen[str]], int] = subprocess.Popen.wait,
) -> bool:
    """Create the demo's titles beside the running site, whose broker renews its pages; returns whether it is new.

    `wait` waits for a process and returns its exit status.
    """
    if demo == "0" or (data_dir / "demo-made").exists():
        return False
    say(f"Creating the demo catalogue; its titles appear at {address}")
    if wait(command(env, "demo", "--no-videos", *_size(demo))):
        fail("The demo catalogue could not be created; see the error above.")
    (data_dir / "demo-made").touch()
    return True


def queue_films(env: dict[str, str], demo: str) -> None:
    """Queue the demo's missing films, at every start, since a stop may have interrupted some."""
    if demo != "0":
        command(env, "demo", "--restarted", *_size(demo), stdout=subprocess.DEVNULL)


def _size(demo: str) -> list[str]:
    return ["--small"] if demo == "small" else []


def print_ending(address: str, outbox_key: str, password: str) -> None:
    """Print where the site is and how to enter it."""
    print(
        f"\n  Streamsite      {address}\n"
        f"  Administration  {address}admin/\n"
        f"  Outbox          {address}user/outbox/?key={outbox_key}\n"
        f"  Username        admin\n"
        f"  Password        {password}\n",
        flush=True,
    )


def fail_with_log(text: str, log: Path) -> NoReturn:
    print("\n".join(log.read_text(errors="replace").splitlines()[-20:]), file=sys.stderr)
    fail(f"{text} Full output: {log}")
