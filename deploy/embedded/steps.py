"""A step of the first stage: the commands it runs, and the stamp that says it needn't run again.

A stamp is the hash of what the step was made from. Standard library only.
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
AGAIN = "Then try again: what is done already isn't done twice."


def run(*command: str | Path, env: dict[str, str] | None = None, fetching: str = "", npm: bool = False) -> None:
    """Run a command quietly. If it fails, say why: in a sentence for one that is `fetching`, else all it said."""
    process = subprocess.Popen(
        [str(part) for part in command], cwd=ROOT, env=env, text=True, errors="replace",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=die_with_parent,
    )  # fmt: skip
    said, _ = process.communicate()
    if process.returncode:
        if not fetching:
            print(said, file=sys.stderr)
            fail(f"This failed: {' '.join(map(str, command))}")
        log = ROOT / "build" / "install.log"
        with suppress(OSError):
            log.parent.mkdir(exist_ok=True)
            log.write_text(said)
        asked_at = [] if npm else mirrors.addresses(mirrors.configured())
        why = failures.explain(step=fetching, said=said, asked=asked_at, npm=npm)
        fail(f"{why}\n{AGAIN} All it said is in {log}")


def uv(*command: str | Path, fetching: str) -> None:
    """Run uv, which asks where pip is configured to ask."""
    options, env = mirrors.for_uv(mirrors.configured())
    run(VENV / "bin" / "uv", *command, *options, env=env, fetching=fetching)


def digest(paths: list[Path]) -> str:
    """The hash of the contents and names of files and folders."""
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
    """Leave the stamp, once what it vouches for is on the disk."""
    os.sync()
    new = STAMPS / f"{name}.new"
    new.write_text(digest(inputs))
    new.replace(STAMPS / name)
