"""Starts the stack's parts, starts those that die again, and stops them in order."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

import starting
from console import say
from options import ROOT
from processes import children, die_with_parent

READY_WITHIN = 240.0  # seconds for a part, on a busy machine
STOPS_WITHIN = 30.0  # seconds; then it is killed
LOOKS_EVERY = 0.2  # seconds
PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0)  # seconds before a part that keeps dying is started again
STABLE_AFTER = 30.0  # seconds


@dataclass
class Part:
    """A program of the stack. `socket` and `queue` tell `make stack-status` where to look."""

    name: str
    kind: str
    command: Sequence[str | Path]
    address: str
    env: dict[str, str] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    is_ready: Callable[[], bool] = lambda: True
    socket: str = ""
    queue: str = ""
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    failures: int = 0  # in a row
    changed_at: float = 0.0  # time.monotonic of its last start or end


class Supervisor:
    """The running parts; their logs and parts.json are in `folder`. Parts hold `lock` until they exit."""

    def __init__(self, folder: Path, lock: IO[str]) -> None:
        self.folder, self.lock = folder, lock
        self.groups: list[list[Part]] = []
        self._written = ""

    @property
    def parts(self) -> list[Part]:
        return [part for group in self.groups for part in group]

    def start(self, *parts: Part) -> None:
        """Start parts and wait until all are ready. A part that exits meanwhile ends the start."""
        self.groups.append(list(parts))
        for part in parts:
            log = self._log(part)
            if log.exists():
                log.replace(log.with_suffix(".log.1"))
            self._spawn(part)
        self.write()
        until = time.monotonic() + READY_WITHIN
        for part in parts:
            while not part.is_ready():
                if (part.process and part.process.poll() is not None) or time.monotonic() > until:
                    starting.fail_with_log(f"{part.name} did not start.", self._log(part))
                time.sleep(LOOKS_EVERY / 2)

    def watch(self) -> NoReturn:
        """Start again what dies, until a signal raises Stopped."""
        while True:
            self.look()
            time.sleep(LOOKS_EVERY)

    def wait(self, process: subprocess.Popen[str]) -> int:
        """Wait for another child while watching; returns its exit status."""
        while process.poll() is None:
            self.look(process.pid)
            time.sleep(LOOKS_EVERY)
        return process.returncode

    def look(self, *known: int) -> None:
        """Start again what has died, and reap orphans; `known` children are left alone."""
        for part in self.parts:
            if part.process and (status := part.process.poll()) is not None:
                say(f"{part.name} ended ({_reason(status)}); starting it again")
                _kill_group(part.process.pid)
                part.failures = 0 if time.monotonic() - part.changed_at > STABLE_AFTER else part.failures + 1
                part.changed_at, part.process = time.monotonic(), None
            pause = PAUSES[min(part.failures, len(PAUSES) - 1)]
            if part.process is None and time.monotonic() - part.changed_at >= pause:
                self._spawn(part)
        self.write()
        ours = {part.process.pid for part in self.parts if part.process} | set(known)
        for pid in set(children(os.getpid())) - ours:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)

    def stop(self) -> None:
        """Stop the groups in reverse order, each part with its signal; kill what doesn't end."""
        for group in reversed(self.groups):
            running = [(part, part.process) for part in group if part.process]
            for part, process in running:
                process.send_signal(part.stop_signal)
            until = time.monotonic() + STOPS_WITHIN
            for _, process in running:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.0, until - time.monotonic()))
            for _, process in running:
                _kill_group(process.pid)
        (self.folder / "parts.json").unlink(missing_ok=True)

    def write(self) -> None:
        """Write parts.json for `make stack-status`, if something has changed."""
        found = [
            {
                "name": part.name, "kind": part.kind, "address": part.address, "socket": part.socket,
                "queue": part.queue, "pid": part.process.pid if part.process else 0, "restarts": part.starts - 1,
            }
            for part in self.parts
        ]  # fmt: skip
        text = json.dumps(found, indent=1)
        if text != self._written:
            new = self.folder / "parts.json.new"
            new.write_text(text)
            new.replace(self.folder / "parts.json")
            self._written = text

    def _log(self, part: Part) -> Path:
        return self.folder / f"{part.name}.log"

    def _spawn(self, part: Part) -> None:
        """Start a part in its own session, so that Ctrl-C reaches only this process, which stops it in order."""
        if part.socket:
            Path(part.socket).unlink(missing_ok=True)
        with self._log(part).open("ab") as log:
            part.process = subprocess.Popen(
                part.command,
                cwd=ROOT,
                env=part.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
                pass_fds=[self.lock.fileno()],
            )
        part.changed_at = time.monotonic()
        part.starts += 1


def _kill_group(pid: int) -> None:
    """Kill and reap what a part that has ended left running: its listeners would keep the next one from starting."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    until = time.monotonic() + STOPS_WITHIN
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < until:
            if os.waitpid(-pid, os.WNOHANG) == (0, 0):
                time.sleep(0.01)


def _reason(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"
