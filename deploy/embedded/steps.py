"""Build steps of the first stage: running commands, and stamps that mark steps as done.

A stamp is the hash of the step's inputs. Standard library only.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import failures
import mirrors
from console import fail
from options import ROOT, VENV
from processes import die_with_parent

STAMPS = VENV / "stamps"
AGAIN = "Then try again; finished steps are skipped."


def run(*command: str | Path, env: dict[str, str] | None = None, fetching: str = "", npm: bool = False) -> None:
    """Run a command quietly. On failure, print an explanation if it is `fetching`, else all its output."""
    process = subprocess.Popen(
        [str(part) for part in command], cwd=ROOT, env=env, text=True, errors="replace",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=die_with_parent,
    )  # fmt: skip
    said, _ = process.communicate()
    if process.returncode:
        if not fetching:
            print(said, file=sys.stderr)
            fail(f"Command failed: {' '.join(map(str, command))}")
        log = ROOT / "build" / "install.log"
        with suppress(OSError):
            log.parent.mkdir(exist_ok=True)
            log.write_text(said)
        asked_at = [] if npm else mirrors.addresses(mirrors.configured())
        why = failures.explain(step=fetching, said=said, asked=asked_at, npm=npm)
        fail(f"{why}\n{AGAIN} Full output: {log}")


def uv(*command: str | Path, fetching: str) -> None:
    """Run uv with pip's configured indexes."""
    options, env = mirrors.for_uv(mirrors.configured())
    run(VENV / "bin" / "uv", *command, *options, env=env, fetching=fetching)


def digest(paths: list[Path]) -> str:
    """A hash of file names and contents."""
    found = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            found.update(str(file.relative_to(ROOT)).encode())
            found.update(file.read_bytes())
    return found.hexdigest()


def stale(name: str, inputs: list[Path], *outputs: Path) -> bool:
    """Whether the step `name` has to run: its inputs changed or an output is missing."""
    stamp = STAMPS / name
    return not (stamp.exists() and stamp.read_text() == digest(inputs) and all(o.exists() for o in outputs))


def done(name: str, inputs: list[Path]) -> None:
    """Write the stamp, after the step's output is flushed to disk."""
    os.sync()
    new = STAMPS / f"{name}.new"
    new.write_text(digest(inputs))
    new.replace(STAMPS / name)
