"""Plants every mutant in a copy of the project and runs its tests there: at least one has to fail.

Usage: python -m tests.mutants [--jobs N] [WORD …]    only the mutants whose area or name has one of the words.
The tests have to pass on the copy before anything is planted. Ends with 1 if a mutant survived or could not be run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.table import ROOT, Mutant, NotApplicable, mutants

# What a copy does without; the environments are shared by links.
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "data", "build", "__pycache__", ".*_cache", ".hypothesis", "screenshots"
)
SHARED = (".venv", "node_modules")
WITHIN = 600  # seconds for the tests of one mutant
PASSED, FAILED = 0, 1  # exit codes of pytest

_clock = count(int(time.time()) + 1)


@contextmanager
def copies(number: int) -> Iterator[SimpleQueue[Path]]:
    """So many copies of the project, to be taken and put back."""
    with tempfile.TemporaryDirectory(prefix="streamsite-mutants-") as folder:
        free: SimpleQueue[Path] = SimpleQueue()
        for index in range(number):
            copy = Path(folder) / str(index)
            shutil.copytree(ROOT, copy, symlinks=True, ignore=LEFT_OUT)
            for name in SHARED:
                (copy / name).symlink_to((ROOT / name).resolve())
            free.put(copy)
        yield free


def write(path: Path, text: str) -> None:
    """Replace a file's text, with a time that it never had: Python goes by that, in seconds, to compile it anew."""
    path.write_text(text)
    at = next(_clock)
    os.utime(path, (at, at))


def run(copy: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """pytest's exit code and what it printed; stops at the first failure."""
    command = [copy / ".venv" / "bin" / "python", "-m", "pytest", "-q", "-x", "--tb=short", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "-m", "not slow", *tests], cwd=copy, capture_output=True, text=True, timeout=WITHIN
    )
    return done.returncode, done.stdout + done.stderr


def fate(mutant: Mutant, free: SimpleQueue[Path]) -> str:
    """killed, SURVIVED, or what kept its tests from deciding that."""
    copy = free.get()
    path = copy / mutant.file
    try:
        text = path.read_text()
        write(path, mutant.applied(text))
        try:
            code, printed = run(copy, mutant.tests)
        finally:
            write(path, text)
    except subprocess.TimeoutExpired:
        return f"ERROR: its tests took more than {WITHIN} s"
    except (NotApplicable, OSError) as error:
        return f"ERROR: {error}"
    finally:
        free.put(copy)
    if code == FAILED:
        return "killed"
    return "SURVIVED" if code == PASSED else f"ERROR: pytest ended with {code}\n{printed[-2000:]}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Plant faults; a test must notice.")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time")
    parser.add_argument("word", nargs="*", help="only those whose area or name has it")
    asked = parser.parse_args()
    chosen = [one for one in mutants() if not asked.word or any(word in str(one) for word in asked.word)]
    began = time.monotonic()
    with copies(asked.jobs) as free:
        every_test = tuple(dict.fromkeys(test for one in chosen for test in one.tests))
        copy = free.get()
        code, printed = run(copy, every_test)
        free.put(copy)
        if code != PASSED:
            print(printed[-4000:], "\nThe tests fail without any mutant.", file=sys.stderr)
            return 1
        print(f"{len(every_test)} test files pass without mutants ({time.monotonic() - began:.0f} s)", flush=True)
        bad = 0
        with ThreadPoolExecutor(asked.jobs) as pool:
            for mutant, result in zip(chosen, pool.map(lambda one: fate(one, free), chosen), strict=True):
                bad += result != "killed"
                print(f"{result:<9} {mutant}", flush=True)
    print(f"{len(chosen) - bad} of {len(chosen)} mutants killed in {time.monotonic() - began:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
