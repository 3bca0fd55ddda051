"""Postings as MariaDB stores them, and conditions on them."""

from __future__ import annotations

import hashlib
from typing import Any

from utils.fulltext.postings import Listed

LONGEST = 48  # bytes of a posting; of a longer one the first are stored, and a digest
BEGINNING = LONGEST - 8


def stored(posting: str) -> bytes:
    """A posting as it is stored: too long ones end in a digest."""
    found = posting.encode()
    if len(found) <= LONGEST:
        return found
    return found[:BEGINNING] + hashlib.blake2b(found, digest_size=8).digest()


def hexadecimal(posting: str) -> str:
    """A stored posting as a literal."""
    return f"0x{stored(posting).hex()}"


def is_listed(alias: str, *alternatives: Listed) -> tuple[str, list[Any]]:
    """A row has one of the postings."""
    parts: list[str] = []
    params: list[Any] = []
    for posting, beginning in alternatives:
        if beginning:
            low = posting.encode()[:BEGINNING]
            parts.append(f"{alias}.posting >= %s AND {alias}.posting < %s")
            params += [low, low + b"\xff"]
        else:
            parts.append(f"{alias}.posting = %s")
            params.append(stored(posting))
    return parts[0] if len(parts) == 1 else " OR ".join([f"({part})" for part in parts]), params
