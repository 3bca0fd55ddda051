"""Numbers as forms and addresses bring them."""

from __future__ import annotations

import re

_ROW_ID = re.compile(r"\d{1,18}", re.ASCII)  # fits into 64 bits


def row_id(text: str) -> int | None:
    """The id of a row; None for what no row can have."""
    return int(text) if _ROW_ID.fullmatch(text) else None
