"""Hashes that only this site can make."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings


def keyed_hash(text: str) -> str:
    """HMAC-SHA-256 of the text under SECRET_KEY, as hex: who reads it in the database can't try texts against it."""
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
