"""Parsing numbers from forms and URLs."""

from __future__ import annotations

import re

_ROW_ID = re.compile(r"\d{1,18}", re.ASCII)  # fits in 64 bits


def row_id(text: str) -> int | None:
    """The text as a row id; None if it can't be one."""
    return int(text) if _ROW_ID.fullmatch(text) else None
