"""Probes a media file in a process of its own, so that a file that crashes a decoder ends that process only."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from utils import typed_json
from utils.mediakit import sandbox
from utils.mediakit.ffmpeg import KILLED, Interrupted
from utils.mediakit.refusals import Refusal, RefusalCode, Refused, damaged
from utils.mediakit.report import Report
from utils.mediakit.source import Source

LIMITS = sandbox.Limits(seconds=900, memory=4 * 1024**3, output=1024**2)
LONGEST_REPORT = 64 * 1024**2  # bytes
ROOT = Path(__file__).resolve().parents[2]  # where `utils` lies


def probe(path: Path, *, on_tick: Callable[[], None] | None = None) -> Source:
    """What the file really holds: the process `measure` reads all of it and decodes some.

    `on_tick` is called about once a second. Raises Refused, Interrupted, and OSError if the file can't be opened.
    """
    said = bytearray()

    def keep(part: bytes) -> None:
        if len(said) + len(part) > LONGEST_REPORT:
            raise damaged("the probe's report is longer than that of any video")
        said.extend(part)

    with path.open("rb") as file:
        try:
            status, errors = sandbox.run(
                [sys.executable, "-m", "utils.mediakit.measure", str(file.fileno())],
                cwd=ROOT,
                limits=LIMITS,
                files=[file.fileno()],
                confined=False,
                on_output=keep,
                on_tick=on_tick,
            )
        except sandbox.Stopped as error:
            raise damaged(f"probing: {error}") from error
    if status in KILLED:
        raise Interrupted(f"killed by signal {-status}")
    if status:
        raise damaged(errors or f"the probe ended with {status}")
    try:
        report = typed_json.load(Report, json.loads(said))
    except (ValueError, RecursionError) as error:
        raise damaged(f"the probe's report is malformed: {error}") from error
    if report.source is None:
        raise Refused(report.refusal or Refusal(RefusalCode.DAMAGED, at_seconds=0))
    return report.source
