"""Signed, expiring media URLs, compatible with nginx's secure_link module.

The token is base64url(MD5(path + secret + expiry)) without padding; `secure_link_md5` requires MD5. The
secret is between the two other parts, which prevents length extension. The token is prefixed with the id of its secret
and a dot; nginx selects the secret by that id, so playback continues while the secret is rotated.

With a CDN in front (CDN_URL), URLs are the CDN's and signed for it: utils/cdn.py.
"""

from __future__ import annotations

import base64
import hashlib
from enum import Enum

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.encoding import iri_to_uri
from django.utils.http import urlencode

from utils import cdn
from utils.hashing import secret_keys


class Verdict(Enum):
    """The result of verifying a token."""

    VALID = "valid"
    FORGED = "forged"
    EXPIRED = "expired"


def secrets() -> dict[str, str]:
    """The secrets shared with nginx, by id: the signing secret, then the fallbacks.

    MEDIA_SECRET, else derived from SECRET_KEY.
    """
    derived = [salted_hmac("utils.signing.media", "nginx", secret=key).hexdigest() for key in secret_keys()]
    known = [*([settings.MEDIA_SECRET] if settings.MEDIA_SECRET else derived), *settings.MEDIA_SECRET_FALLBACKS]
    return {hashlib.sha256(f"streamsite.media:{one}".encode()).hexdigest()[:8]: one for one in known}


def secret() -> str:
    """The signing secret."""
    return next(iter(secrets().values()))


def token(path: str, ts: str) -> str:
    """The token for a path that expires at `ts` (Unix timestamp as text), without the secret's id."""
    return _token(path, ts, secret())


def _token(path: str, ts: str, secret: str) -> str:
    digest = hashlib.md5(f"{path}{secret}{ts}".encode(), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def sign(path: str, *, expires_at: int) -> str:
    """The URL of `path` that is good until `expires_at` (Unix timestamp): with a token, or at the CDN (CDN_URL)."""
    if settings.CDN_URL:
        return cdn.sign(path, expires_at=expires_at)
    ts = str(expires_at)
    return f"{iri_to_uri(path)}?{urlencode({'st': f'{next(iter(secrets()))}.{token(path, ts)}', 'ts': ts})}"


def verify(path: str, st: str, ts: str, *, now: float) -> Verdict:
    """Verify the token `st` for this path and expiry at the time `now`."""
    name, stop, made = st.rpartition(".")
    used = secrets().get(name) if stop else secret()  # without an id: signed before secrets had ids
    if not used or not (ts.isascii() and ts.isdigit()) or not constant_time_compare(made, _token(path, ts, used)):
        return Verdict.FORGED
    return Verdict.VALID if now < int(ts) else Verdict.EXPIRED
