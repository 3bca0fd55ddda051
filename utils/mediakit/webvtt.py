"""WebVTT (W3C): harmless cue text, and the part of a subtitle that belongs to a preview."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_TIME = r"(?:\d{2,}:)?[0-5]\d:[0-5]\d\.\d{3}"
_CUE = re.compile(rf"^({_TIME})[ \t]+-->[ \t]+({_TIME})\b.*$", re.ASCII)
_TIMING = re.compile(r"^(?:(\d{2,}):)?([0-5]\d):([0-5]\d\.\d{3})[ \t]+-->", re.ASCII | re.MULTILINE)
_KEPT = re.compile(r"&lt;(/?[biu])&gt;")  # bold, italic, underlined, into which ffmpeg translates styles
_OVERRIDES = re.compile(r"\{\\[^{}]*\}")  # ASS override tags, such as {\pos(1,2)}
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def plain(text: str) -> str:
    """The WebVTT `text` with all markup escaped but bold, italic and underlined; empty cues are removed.

    ffmpeg copies anything that looks like markup in a subtitle into the WebVTT that it writes.
    """
    cues = [f"{timing}\n{said}" for timing, said in _cues(text) if said]
    return "\n\n".join(["WEBVTT", *cues]) + "\n"


def _cues(text: str) -> Iterator[tuple[str, str]]:
    timing, said = "", list[str]()
    for line in _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n"):
        found = _CUE.match(line)
        if found:
            if timing:
                yield timing, "\n".join(said)
            timing, said = f"{found[1]} --> {found[2]}", []
        elif timing and line.strip():  # an empty line would end the cue
            said += [safe] if (safe := _escaped(line)).strip() else []
    if timing:
        yield timing, "\n".join(said)


def _escaped(line: str) -> str:
    line = _OVERRIDES.sub("", line).strip()
    kept = _KEPT.sub(r"<\1>", html.escape(line, quote=False))
    return kept if re.sub("<[^>]*>", "", kept).strip() else ""


def until(text: str, seconds: float) -> str:
    """The WebVTT `text` without the cues that begin at `seconds` or later."""
    blocks = re.split(r"\n{2,}", text.replace("\r\n", "\n").strip("\n"))
    return "\n\n".join(block for block in blocks if _begins(block) < seconds) + "\n"


def _begins(block: str) -> float:
    """When a cue begins, in seconds; 0 for a header, style or note."""
    found = _TIMING.search(block)
    if not found:
        return 0.0
    hours, minutes, rest = found.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(rest)
