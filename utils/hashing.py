"""Keyed hashes.

Hashes under a key in SECRET_KEY_FALLBACKS still match, so SECRET_KEY can be rotated without downtime.
"""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings
from django.utils.crypto import constant_time_compare


def keyed_hash(text: str) -> str:
    """HMAC-SHA-256 of the text under SECRET_KEY, as hex; a leaked database alone doesn't allow brute force."""
    return keyed_hashes(text)[0]


def keyed_hashes(text: str) -> list[str]:
    """The hash under SECRET_KEY, then those under SECRET_KEY_FALLBACKS."""
    return [hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest() for key in secret_keys()]


def hash_matches(text: str, digest: str, *, length: int = 64) -> bool:
    """Whether `digest` is the first `length` digits of a hash of the text under any of the site's keys."""
    return any(constant_time_compare(digest, known[:length]) for known in keyed_hashes(text))


def secret_keys() -> list[str]:
    """SECRET_KEY, then the fallbacks."""
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
