"""WebVTT (W3C): the part of a subtitle that a preview may show."""

from __future__ import annotations

import re

_TIMING = re.compile(r"^(?:(\d{2,}):)?([0-5]\d):([0-5]\d\.\d{3})[ \t]+-->", re.ASCII | re.MULTILINE)


def until(text: str, seconds: float) -> str:
    """The WebVTT `text` without the cues that begin at `seconds` or later."""
    blocks = re.split(r"\n{2,}", text.replace("\r\n", "\n").strip("\n"))
    return "\n\n".join(block for block in blocks if _begins(block) < seconds) + "\n"


def _begins(block: str) -> float:
    """When a cue begins; 0 for a header, style or note."""
    found = _TIMING.search(block)
    if not found:
        return 0.0
    hours, minutes, rest = found.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(rest)
