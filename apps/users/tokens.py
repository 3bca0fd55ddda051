"""Links in mails: signed, expiring, and dead as soon as what they act on has changed.

A token carries whom it is for, when it was made and a keyed hash of the state it acts on. Using it changes
that state, so it works once. Each purpose has a salt of its own: a token for one is noise to another.
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

SEEN = 32  # hex digits of the hash of the state that a token carries
SKEW = 300  # seconds by which the clocks of two machines may differ


class Purpose(Enum):
    """What a token is good for, and for how long."""

    ACTIVATE = ("activate", timedelta(days=3))
    RESET = ("reset", timedelta(hours=1))
    EMAIL = ("email", timedelta(days=1))

    def __init__(self, word: str, lives: timedelta) -> None:
        self.word = word
        self.lives = lives


class TokenRefused(Exception):
    """The token is altered, too old, used, or for something else."""


def make(purpose: Purpose, row: Registration | User, *, at: datetime, extra: str = "") -> str:
    """A token by which whoever holds it may do `purpose` to `row`; `extra` is signed along."""
    return str(_serializers(purpose)[0].dumps([row.pk, int(at.timestamp()), keyed_hash(_state(row))[:SEEN], extra]))


def find(purpose: Purpose, token: str, rows: QuerySet[Row], *, at: datetime) -> tuple[Row, str]:
    """Which of the rows the token is for, and what was signed along. Raises TokenRefused."""
    pk, _seen, _extra = _open(purpose, token, at)
    row = rows.filter(pk=pk).first()
    if row is None:
        raise TokenRefused
    return row, check(purpose, token, row, at=at)


def check(purpose: Purpose, token: str, row: Registration | User, *, at: datetime) -> str:
    """What was signed along, if the token is for `row` as it is now. Raises TokenRefused."""
    pk, seen, extra = _open(purpose, token, at)
    if pk != row.pk or not hash_matches(_state(row), seen, length=SEEN):
        raise TokenRefused
    return extra


def _open(purpose: Purpose, token: str, at: datetime) -> tuple[int, str, str]:
    """(id of the row, hash of its state, what was signed along). Raises TokenRefused."""
    pk, made, seen, extra = _payload(purpose, token)
    if not -SKEW <= at.timestamp() - made < purpose.lives.total_seconds():
        raise TokenRefused
    return pk, seen, extra


def _payload(purpose: Purpose, token: str) -> Any:
    """What was signed, under any of the site's keys. Raises TokenRefused."""
    for serializer in _serializers(purpose):
        try:
            payload = serializer.loads(token)
        except (BadData, ValueError):  # ValueError: not ASCII
            continue
        if serializer.dumps(payload) == token:  # base64 has several spellings of one signature; one is ours
            return payload
    raise TokenRefused


def _serializers(purpose: Purpose) -> list[URLSafeSerializer]:
    salt, digest = f"streamsite.users.{purpose.word}", {"digest_method": hashlib.sha256}
    return [URLSafeSerializer(key, salt=salt, signer_kwargs=digest) for key in secret_keys()]


def _state(row: Registration | User) -> str:
    """What using a token changes; a token carries a keyed hash of it."""
    if isinstance(row, Registration):
        parts = ["registration", row.pk, row.password, row.used_at]
    else:
        parts = ["user", row.pk, row.password, row.email, row.is_active, row.phone or "", row.stamp]
    return "\0".join(str(part) for part in parts)
