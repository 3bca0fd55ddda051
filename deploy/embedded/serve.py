"""Second stage of `make run`: migrates, starts everything under one uWSGI, creates the demo, prints the URLs.

Runs in the virtual environment created by bootstrap.py. Reads PORT, DATA_DIR and DEMO (1, small or 0).
"""

from __future__ import annotations

import contextlib
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
from typing import IO, Any, NoReturn

import broker
import modes
import options
from console import fail, say
from options import ROOT, VENV
from processes import adopt_orphans, children, die_with_parent, end_all, stop_when_hung_up, wait_for

SOCKET_PATH_LIMIT = 100  # bytes; sun_path holds 108
READY_WITHIN = 60.0  # seconds until the first response
STOPPING_AFTER = 0.2  # seconds until uWSGI has handled SIGTERM and restarts nothing
STOPS_WITHIN = 20.0  # seconds for uWSGI and its children


class Stopped(Exception):
    """Ctrl-C or a termination signal."""


def main() -> int:
    os.umask(modes.OTHERS)  # inherited by all child processes
    data_dir = options.data_dir()
    demo = options.demo()
    lock = options.lock_data_dir(data_dir)
    if left := modes.close(data_dir):
        say(f"Other users on this machine can read {left[0]}" + (f" and {len(left) - 1} more" if left[1:] else ""))
    port = options.port()
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    adopt_orphans()
    shutil.rmtree(data_dir / "work", ignore_errors=True)  # interrupted encodes start over
    run_dir = make_run_dir(data_dir)
    try:
        return serve(port, data_dir, run_dir, demo, lock)
    except OSError as error:  # for example, the disk became full
        fail(f"{error.strerror}: {error.filename or data_dir}")
    except Stopped:
        with contextlib.suppress(OSError):  # the terminal may be gone
            print("\nStopping …", flush=True)
        return 0
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave processes running
        end_all()
        (data_dir / "run.env").unlink(missing_ok=True)
        for name in ("broker.sock", "uwsgi.sock"):
            (run_dir / name).unlink(missing_ok=True)
        if run_dir.parent != data_dir:
            shutil.rmtree(run_dir, ignore_errors=True)


def _stop(*_: Any) -> NoReturn:
    raise Stopped


def make_run_dir(data_dir: Path) -> Path:
    """A folder for sockets: in the data folder, or a temporary one if socket paths would be too long."""
    run_dir = data_dir / "run"
    plain = all(c.isascii() and (c.isalnum() or c in "/._-") for c in str(run_dir))
    if len(os.fsencode(run_dir / "broker.sock")) > SOCKET_PATH_LIMIT or not plain:
        return Path(tempfile.mkdtemp(prefix="streamsite-"))
    run_dir.mkdir(exist_ok=True)
    return run_dir


def serve(port: int, data_dir: Path, run_dir: Path, demo: str, lock: IO[str]) -> int:
    """Start the site, print its URLs and wait until it exits. Returns uWSGI's exit status."""
    redis_url = f"unix://{run_dir / 'broker.sock'}"
    shared = {"PORT": str(port), **cashier_port(), "REDIS_URL": redis_url, "DEMO": demo}
    # read by manage.py commands while the site runs
    (data_dir / "run.env").write_text("".join(f"{k}={v}\n" for k, v in shared.items()))
    env = os.environ | {
        **shared,
        "DATA_DIR": str(data_dir),
        "DATA_GROUP_READS": "0",  # everything runs as one user
        "ROOT_DIR": str(ROOT),
        "RUN_DIR": str(run_dir),
        "DJANGO_SETTINGS_MODULE": "streamsite.settings",
        "OUTBOX": "1",  # emails are saved, not sent; the printed key opens them at /user/outbox/
    }
    broker.prepare(run_dir, data_dir)
    if not broker.is_sound(run_dir, data_dir):
        say("The queue was damaged, possibly by a power failure. Rebuilding it")
        broker.delete_data(data_dir)
    say("Preparing the database")
    outbox_key = secrets.token_urlsafe(24)
    password = prepare(env | {"OUTBOX_KEY": outbox_key}, data_dir)
    (data_dir / "pictures").mkdir(exist_ok=True)  # uWSGI checks for it only once
    say("Starting the site")
    site = start(env, data_dir / "site.log", lock)
    address = f"http://127.0.0.1:{port}/"
    until = time.monotonic() + READY_WITHIN
    while not (broker.answers(run_dir) and answers(address)):
        if site.poll() is not None or time.monotonic() > until:
            fail_with_log("The site did not start.", data_dir / "site.log")
        time.sleep(0.1)
    small = ["--small"] if demo == "small" else []
    is_new = demo != "0" and not (data_dir / "demo-made").exists()
    try:
        if is_new:  # beside the running site, whose broker renews its pages
            say(f"Creating the demo catalogue; its titles appear at {address}")
            if command(env, "demo", "--no-videos", *small).wait():
                fail("The demo catalogue could not be created; see the error above.")
            (data_dir / "demo-made").touch()
        print(
            f"\n  Streamsite      {address}\n"
            f"  Administration  {address}admin/\n"
            f"  Outbox          {address}user/outbox/?key={outbox_key}\n"
            f"  Username        admin\n"
            f"  Password        {password}\n",
            flush=True,
        )
        if demo != "0":  # at every start, since a stop may have interrupted films
            command(env, "demo", "--restarted", *small, stdout=subprocess.DEVNULL)
        if is_new:
            print("  The demo films become available one by one.", flush=True)
        print("  Ctrl-C stops everything.\n", flush=True)
        stop_when_hung_up()
        status = wait_for(site)
    except Stopped:
        site.send_signal(signal.SIGTERM)
        end_workers(site.pid)
        signal.signal(signal.SIGALRM, _stop)
        signal.setitimer(signal.ITIMER_REAL, STOPS_WITHIN)
        wait_for(site)
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise
    fail_with_log(f"The site exited unexpectedly (status {status}).", data_dir / "site.log")


def start(env: dict[str, str], log: Path, lock: IO[str]) -> subprocess.Popen[bytes]:
    """Start uWSGI in its own session, so that Ctrl-C reaches only this process, which stops it in order.

    uWSGI inherits the data folder's lock and holds it until it exits, even if this process is killed.
    """
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("wb") as out:
        return subprocess.Popen(
            # --listen is parsed before the variables of the .ini
            [VENV / "bin" / "uwsgi", "--listen", str(backlog()), "--ini", "deploy/embedded/uwsgi.ini"],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=die_with_parent,
            pass_fds=[lock.fileno()],
        )


def end_workers(pid: int) -> None:
    """Stop all workers at once; uWSGI would wait for one after another.

    SIGQUIT makes them return their tasks; the broker stays up until uWSGI stops it.
    """
    time.sleep(STOPPING_AFTER)
    for child in children(pid):
        with contextlib.suppress(OSError):  # exited meanwhile
            if b"--queues" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGQUIT)


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


def fail_with_log(text: str, log: Path) -> NoReturn:
    print("\n".join(log.read_text(errors="replace").splitlines()[-20:]), file=sys.stderr)
    fail(f"{text} Full output: {log}")


if __name__ == "__main__":
    # As in bootstrap.py: a caller that ignores SIGINT hands that down. main() has handlers of its own later.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        fail("Stopped before the site started.")
