"""Certificates for the protocol's certificate mode: root, intermediate, the site's and the cashier's."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import load_pem_x509_certificates
from cryptography.x509.oid import NameOID

LIVES = timedelta(days=3650)


def make_certificates(folder: Path, *, seller_id: str, app_id: str) -> None:
    """Create `root.crt`, `app.crt` and `gateway.crt` beside the keys of `make_keys` if they don't exist.

    Like Alipay's, the root file holds a second root with another algorithm. The gateway's file also contains the
    certificate that issued it.
    """
    if (folder / "root.crt").exists():
        return
    root_key, issuing_key = _rsa(), _rsa()
    root_name, issuing_name = _name("Local Root R1"), _name("Local Class 2 R1")
    root = _issue(root_name, root_key.public_key(), root_name, root_key, may_issue=True)
    second_key, second_name = ec.generate_private_key(ec.SECP256R1()), _name("Local Root E1")
    second = _issue(second_name, second_key.public_key(), second_name, second_key, may_issue=True)
    issuing = _issue(issuing_name, issuing_key.public_key(), root_name, root_key, may_issue=True)
    (folder / "issuing_private.pem").touch(mode=0o600)
    (folder / "issuing_private.pem").write_bytes(
        issuing_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    for owner, holder in (("app", f"{seller_id}-{app_id}"), ("gateway", f"Local cashier-{seller_id}")):
        key: Any = load_pem_private_key((folder / f"{owner}_private.pem").read_bytes(), None)
        one = _issue(_name(holder), key.public_key(), issuing_name, issuing_key)
        chain = [one, issuing] if owner == "gateway" else [one]
        (folder / f"{owner}.crt").write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in chain))
    # written last: if it exists, all of them exist
    whole = folder / f"root.{secrets.token_hex(4)}"
    whole.write_bytes(root.public_bytes(Encoding.PEM) + b"\n" + second.public_bytes(Encoding.PEM))
    whole.replace(folder / "root.crt")


def renew_gateway(folder: Path) -> None:
    """Switch the cashier to a new key and certificate for the same holder, as Alipay does; the new one ends later."""
    old, issuing = load_pem_x509_certificates((folder / "gateway.crt").read_bytes())
    key, issuing_key = _rsa(), load_pem_private_key((folder / "issuing_private.pem").read_bytes(), None)
    ends = old.not_valid_after_utc + timedelta(days=1)
    new = _issue(old.subject, key.public_key(), issuing.subject, issuing_key, ends=ends)
    (folder / "gateway_private.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "gateway.crt").write_bytes(new.public_bytes(Encoding.PEM) + issuing.public_bytes(Encoding.PEM))


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(common: str) -> x509.Name:
    words = {
        NameOID.COUNTRY_NAME: "CN", NameOID.ORGANIZATION_NAME: "Local",
        NameOID.ORGANIZATIONAL_UNIT_NAME: "Certification Authority", NameOID.COMMON_NAME: common,
    }  # fmt: skip
    return x509.Name([x509.NameAttribute(kind, word) for kind, word in words.items()])


def _issue(
    name: x509.Name, public: Any, issuer: x509.Name, key: Any, *, may_issue: bool = False, ends: datetime | None = None
) -> x509.Certificate:
    begins = datetime.now(UTC) - timedelta(hours=1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(public)
    made = made.serial_number(x509.random_serial_number()).not_valid_before(begins)
    made = made.not_valid_after(ends or begins + LIVES)
    return made.add_extension(x509.BasicConstraints(ca=may_issue, path_length=None), critical=True).sign(key, SHA256())
