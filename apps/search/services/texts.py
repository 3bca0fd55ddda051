"""Texts of queries: cleaned, and folded for comparison."""

from __future__ import annotations

from apps.search.models.searches import LONGEST
from utils.chinese.folding import compact
from utils.plain_text import clean_line


def plain(text: str) -> str:
    """The text on one line without invisible characters, cut to LONGEST characters."""
    return clean_line(text[: 4 * LONGEST])[:LONGEST].strip()


def folded(text: str) -> str:
    """The form in which spellings of a text are compared; "" if it has neither letters nor digits."""
    return compact(text)[:LONGEST]
