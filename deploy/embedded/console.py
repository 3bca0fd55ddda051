"""Console output: progress and errors."""

from __future__ import annotations

import os
import sys
import time
from typing import NoReturn

STARTED = float(os.environ.setdefault("STARTED", str(time.monotonic())))  # shared with the second stage


def say(text: str) -> None:
    """Print a line of progress."""
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


def fail(text: str) -> NoReturn:
    """Exit with an error message that says what to do."""
    print(f"\n{text}", file=sys.stderr)
    raise SystemExit(1)
