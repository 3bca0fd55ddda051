"""Expiring addresses of media files, as nginx's secure_link module checks them.

The token is base64url(MD5(path + secret + expiry)) without padding; `secure_link_md5` takes MD5, and the
secret stands between two parts the client can't stretch. Before it, with a full stop, stands which secret it was made
with: nginx picks that one, so a film that plays while the secret is replaced plays on.
"""

from __future__ import annotations

import base64
import hashlib
from enum import Enum

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.encoding import iri_to_uri
from django.utils.http import urlencode

from utils.hashing import secret_keys


class Verdict(Enum):
    """What a token is worth."""

    VALID = "valid"
    FORGED = "forged"
    EXPIRED = "expired"


def secrets() -> dict[str, str]:
    """The secrets that nginx shares, by name: the one that signs, then older ones that still count.

    MEDIA_SECRET, else derived from SECRET_KEY so that it doesn't give that away.
    """
    derived = [salted_hmac("utils.signing.media", "nginx", secret=key).hexdigest() for key in secret_keys()]
    known = [*([settings.MEDIA_SECRET] if settings.MEDIA_SECRET else derived), *settings.MEDIA_SECRET_FALLBACKS]
    return {hashlib.sha256(f"streamsite.media:{one}".encode()).hexdigest()[:8]: one for one in known}


def secret() -> str:
    """The secret that signs."""
    return next(iter(secrets().values()))


def token(path: str, ts: str) -> str:
    """The token of a path until `ts`, seconds since 1970 as text, without the secret's name."""
    return _token(path, ts, secret())


def _token(path: str, ts: str, secret: str) -> str:
    digest = hashlib.md5(f"{path}{secret}{ts}".encode(), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def sign(path: str, *, expires_at: int) -> str:
    """`path` with a token that is good until `expires_at` (seconds since 1970)."""
    ts = str(expires_at)
    return f"{iri_to_uri(path)}?{urlencode({'st': f'{next(iter(secrets()))}.{token(path, ts)}', 'ts': ts})}"


def verify(path: str, st: str, ts: str, *, now: float) -> Verdict:
    """Whether the token `st` was made for this path and expiry, and is still good at `now`."""
    name, stop, made = st.rpartition(".")
    used = secrets().get(name) if stop else secret()  # unnamed: signed before secrets had names
    if not used or not (ts.isascii() and ts.isdigit()) or not constant_time_compare(made, _token(path, ts, used)):
        return Verdict.FORGED
    return Verdict.VALID if now < int(ts) else Verdict.EXPIRED
