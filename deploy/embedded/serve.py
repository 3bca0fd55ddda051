"""Second stage of `make run`: migrates, starts everything under one uWSGI, creates the demo, prints the URLs.

Runs in the virtual environment created by bootstrap.py. Reads PORT, DATA_DIR and DEMO (1, small or 0).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

import broker
import modes
import options
import starting
from console import fail, say
from options import ROOT, VENV
from processes import adopt_orphans, children, die_with_parent, end_all, stop_when_hung_up, wait_for

READY_WITHIN = 60.0  # seconds until the first response
STOPPING_AFTER = 0.2  # seconds until uWSGI has handled SIGTERM and restarts nothing
STOPS_WITHIN = 20.0  # seconds for uWSGI and its children


def main() -> int:
    os.umask(modes.OTHERS)  # inherited by all child processes
    data_dir = options.data_dir()
    demo = options.demo()
    lock = starting.occupy(data_dir)
    if (data_dir / "stack").exists():
        fail(f"{data_dir} belongs to `make stack`. Choose another folder: make run DATA_DIR=…")
    port = options.port()
    starting.sign(lock)
    starting.stop_by_signals()
    adopt_orphans()
    shutil.rmtree(data_dir / "work", ignore_errors=True)  # interrupted encodes start over
    run_dir = starting.make_run_dir(data_dir)
    try:
        return serve(port, data_dir, run_dir, demo, lock)
    except OSError as error:  # for example, the disk became full
        fail(f"{error.strerror}: {error.filename or data_dir}")
    except starting.Stopped:
        with contextlib.suppress(OSError):  # the terminal may be gone
            print("\nStopping …", flush=True)
        return 0
    finally:
        starting.ignore_signals()
        end_all()
        (data_dir / "run.env").unlink(missing_ok=True)
        for name in ("broker.sock", "uwsgi.sock"):
            (run_dir / name).unlink(missing_ok=True)
        if run_dir.parent != data_dir:
            shutil.rmtree(run_dir, ignore_errors=True)


def serve(port: int, data_dir: Path, run_dir: Path, demo: str, lock: IO[str]) -> int:
    """Start the site, print its URLs and wait until it exits. Returns uWSGI's exit status."""
    env = starting.site_settings(port, data_dir, run_dir, demo)
    broker.prepare(run_dir, data_dir)
    if not broker.is_sound(run_dir, data_dir):
        say("The queue was damaged, possibly by a power failure. Rebuilding it")
        broker.delete_data(data_dir)
    say("Preparing the database")
    outbox_key = secrets.token_urlsafe(24)
    password = starting.prepare(env | {"OUTBOX_KEY": outbox_key}, data_dir)
    (data_dir / "pictures").mkdir(exist_ok=True)  # uWSGI checks for it only once
    say("Starting the site")
    site = start(env, data_dir / "site.log", lock)
    address = f"http://127.0.0.1:{port}/"
    until = time.monotonic() + READY_WITHIN
    while not (broker.answers(run_dir) and starting.answers(address)):
        if site.poll() is not None or time.monotonic() > until:
            starting.fail_with_log("The site did not start.", data_dir / "site.log")
        time.sleep(0.1)
    try:
        is_new = starting.create_demo(env, data_dir, demo, address)
        starting.print_ending(address, outbox_key, password)
        starting.queue_films(env, demo)
        if is_new:
            print("  The demo films become available one by one.", flush=True)
        print("  Ctrl-C stops everything.\n", flush=True)
        stop_when_hung_up()
        status = wait_for(site)
    except starting.Stopped:
        site.send_signal(signal.SIGTERM)
        end_workers(site.pid)
        signal.signal(signal.SIGALRM, starting.raise_stopped)
        signal.setitimer(signal.ITIMER_REAL, STOPS_WITHIN)
        wait_for(site)
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise
    starting.fail_with_log(f"The site exited unexpectedly (status {status}).", data_dir / "site.log")


def start(env: dict[str, str], log: Path, lock: IO[str]) -> subprocess.Popen[bytes]:
    """Start uWSGI in its own session, so that Ctrl-C reaches only this process, which stops it in order.

    uWSGI inherits the data folder's lock and holds it until it exits, even if this process is killed.
    """
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("wb") as out:
        return subprocess.Popen(
            # --listen is parsed before the variables of the .ini
            [VENV / "bin" / "uwsgi", "--listen", str(starting.backlog()), "--ini", "deploy/embedded/uwsgi.ini"],
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


if __name__ == "__main__":
    # As in bootstrap.py: a caller that ignores SIGINT hands that down. main() has handlers of its own later.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        fail("Stopped before the site started.")
