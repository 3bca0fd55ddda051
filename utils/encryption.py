"""Text encrypted in the database, unreadable from a copy of the database alone."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db import models

from utils.hashing import secret_keys


class EncryptedField(models.TextField):  # type: ignore[type-arg]
    """Text encrypted under SECRET_KEY, readable under SECRET_KEY_FALLBACKS too; "" if the key is lost.

    Encryption is randomized, so rows can't be looked up by value.
    """

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return decrypt(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(value) if value else value


def encrypt(text: str) -> str:
    """Encrypt the text under SECRET_KEY: AES-128-CBC with HMAC-SHA-256 (the Fernet specification)."""
    return _fernet().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Decrypt the text; "" if none of the site's keys fits."""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken:
        return ""


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in secret_keys()])


def _derived(key: str) -> bytes:
    """A Fernet key derived from the site's key (HKDF, RFC 5869)."""
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"streamsite.encryption")
    return base64.urlsafe_b64encode(derive.derive(key.encode()))
