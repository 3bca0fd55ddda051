"""Tokens for emailed links: signed, expiring, and invalid once the state they act on has changed.

A token carries a row id, its creation time and a keyed hash of the state it acts on. Using it changes
that state, so it works once. Each purpose has its own salt, so a token for one is invalid for another.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

from django.db.models import QuerySet
from itsdangerous import BadData, URLSafeSerializer

from apps.users.models import Registration, User
from utils.hashing import hash_matches, keyed_hash, secret_keys

Row = TypeVar("Row", Registration, User)

SEEN = 32  # hex digits of the state hash in a token
SKEW = 300  # seconds of tolerated clock skew between machines


class Purpose(Enum):
    """What a token authorizes, and its lifetime."""

    ACTIVATE = ("activate", timedelta(days=3))
    RESET = ("reset", timedelta(hours=1))
    EMAIL = ("email", timedelta(days=1))

    def __init__(self, word: str, lives: timedelta) -> None:
        self.word = word
        self.lives = lives


class TokenRefused(Exception):
    """The token is altered, expired, used, or for another purpose."""


def make(purpose: Purpose, row: Registration | User, *, at: datetime, extra: str = "") -> str:
    """A token that authorizes its holder to do `purpose` to `row`; `extra` is included in the signed payload."""
    return str(_serializers(purpose)[0].dumps([row.pk, int(at.timestamp()), keyed_hash(_state(row))[:SEEN], extra]))


def find(purpose: Purpose, token: str, rows: QuerySet[Row], *, at: datetime) -> tuple[Row, str]:
    """The row the token is for, and its `extra`. Raises TokenRefused."""
    pk, _seen, _extra = _open(purpose, token, at)
    row = rows.filter(pk=pk).first()
    if row is None:
        raise TokenRefused
    return row, check(purpose, token, row, at=at)


def check(purpose: Purpose, token: str, row: Registration | User, *, at: datetime) -> str:
    """The token's `extra`, if it matches the current state of `row`. Raises TokenRefused."""
    pk, seen, extra = _open(purpose, token, at)
    if pk != row.pk or not hash_matches(_state(row), seen, length=SEEN):
        raise TokenRefused
    return extra


def _open(purpose: Purpose, token: str, at: datetime) -> tuple[int, str, str]:
    """(row id, state hash, extra). Raises TokenRefused."""
    pk, made, seen, extra = _payload(purpose, token)
    if not -SKEW <= at.timestamp() - made < purpose.lives.total_seconds():
        raise TokenRefused
    return pk, seen, extra


def _payload(purpose: Purpose, token: str) -> Any:
    """The payload, signed with any of the site's keys. Raises TokenRefused."""
    for serializer in _serializers(purpose):
        try:
            payload = serializer.loads(token)
        except (BadData, ValueError):  # ValueError: not ASCII
            continue
        if serializer.dumps(payload) == token:  # base64 isn't unique: accept the canonical form only
            return payload
    raise TokenRefused


def _serializers(purpose: Purpose) -> list[URLSafeSerializer]:
    salt, digest = f"streamsite.users.{purpose.word}", {"digest_method": hashlib.sha256}
    return [URLSafeSerializer(key, salt=salt, signer_kwargs=digest) for key in secret_keys()]


def _state(row: Registration | User) -> str:
    """The state that using a token changes."""
    if isinstance(row, Registration):
        parts = ["registration", row.pk, row.password, row.used_at]
    else:
        parts = ["user", row.pk, row.password, row.email, row.is_active, row.phone or "", row.stamp]
    return "\0".join(str(part) for part in parts)
