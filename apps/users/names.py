"""The three names an account can be called by."""

from __future__ import annotations

import re
import unicodedata

_PHONE = re.compile(r"^(?:\+?86)?(1[3-9]\d{9})$")


def normalize_phone(text: str) -> str:
    """A mainland number as +8613800138000 (full-width digits, blanks and a missing +86 allowed), else ""."""
    digits = re.sub(r"[\s()-]", "", unicodedata.normalize("NFKC", text))
    found = _PHONE.match(digits)
    return f"+86{found.group(1)}" if found else ""


def normalize_email(text: str) -> str:
    """An address as it is stored: trimmed, half-width, lower case."""
    return unicodedata.normalize("NFKC", text).strip().lower()
