"""Expiring addresses of media files, as nginx's secure_link module checks them.

The token is base64url(MD5(path + secret + expiry)) without padding; `secure_link_md5` takes MD5, and the
secret stands between two parts the client can't stretch.
"""

from __future__ import annotations

import base64
import hashlib
from enum import Enum

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.encoding import iri_to_uri
from django.utils.http import urlencode


class Verdict(Enum):
    """What a token is worth."""

    VALID = "valid"
    FORGED = "forged"
    EXPIRED = "expired"


def secret() -> str:
    """The secret that nginx shares: derived, so that it doesn't give SECRET_KEY away."""
    return salted_hmac("utils.signing.media", "nginx", secret=settings.SECRET_KEY).hexdigest()


def token(path: str, ts: str) -> str:
    """The token of a path until `ts`, seconds since 1970 as text."""
    digest = hashlib.md5(f"{path}{secret()}{ts}".encode(), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def sign(path: str, *, expires_at: int) -> str:
    """`path` with a token that is good until `expires_at` (seconds since 1970)."""
    ts = str(expires_at)
    return f"{iri_to_uri(path)}?{urlencode({'st': token(path, ts), 'ts': ts})}"


def verify(path: str, st: str, ts: str, *, now: float) -> Verdict:
    """Whether the token `st` was made for this path and expiry, and is still good at `now`."""
    if not (ts.isascii() and ts.isdigit()) or not constant_time_compare(st, token(path, ts)):
        return Verdict.FORGED
    return Verdict.VALID if now < int(ts) else Verdict.EXPIRED
