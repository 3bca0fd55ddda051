"""The cashier's RSA2 keys, and those of the site as its merchant: made on first use, kept in the data folder."""

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
    """`app_private.pem`, `app_public.pem`, `gateway_private.pem` and `gateway_public.pem`, if they are not there.

    Of two processes starting at once the first one's pair stays: a private key is put in place whole, and the
    public one is always worked out of it.
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
