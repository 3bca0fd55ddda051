"""The RSA2 keys of the cashier and of the site as its merchant, created on first use in the data folder."""

from __future__ import annotations

import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)


def make_keys(folder: Path) -> None:
    """Create `app_private.pem`, `app_public.pem`, `gateway_private.pem` and `gateway_public.pem` if missing.

    If two processes start at once, the first pair wins: private keys are put in place atomically, and public keys
    are derived from them.
    """
    for owner in ("app", "gateway"):
        kept, public = folder / f"{owner}_private.pem", folder / f"{owner}_public.pem"
        if public.exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        _put(kept, _new_key())
        _put(public, _public_of(kept.read_bytes()))


def _new_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public_of(private: bytes) -> bytes:
    return (
        load_pem_private_key(private, None).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )


def _put(path: Path, content: bytes) -> None:
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    fresh.unlink()
