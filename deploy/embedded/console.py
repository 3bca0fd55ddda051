"""What is said to who started it: progress, and how it ended."""

from __future__ import annotations

import os
import sys
import time
from typing import NoReturn

STARTED = float(os.environ.setdefault("STARTED", str(time.monotonic())))  # shared with the second stage


def say(text: str) -> None:
    """One line of progress."""
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


def fail(text: str) -> NoReturn:
    """End with what is wrong and what to do."""
    print(f"\n{text}", file=sys.stderr)
    raise SystemExit(1)
