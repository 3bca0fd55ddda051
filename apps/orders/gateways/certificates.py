"""Alipay's certificates: serial numbers as defined by the protocol, and verification against its root.

Source: Alipay open platform, "public key certificates". A serial number (SN) is the MD5, in hexadecimal, of the
issuer's name in the order of RFC 4514 followed by the certificate's serial number in decimal; the root file's SN
joins those of its RSA-signed certificates.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    ExtensionNotFound,
    load_pem_x509_certificate,
)
from cryptography.x509.oid import NameOID

RSA_SIGNED = "1.2.840.113549.1.1."  # PKCS #1: how the OIDs of its signature algorithms begin
RSA_IN_DER = bytes.fromhex("2a864886f70d0101")  # the same in DER
PEM = re.compile(r"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----")
DEEPEST = 6  # certificates from a leaf to the root


def read_certificates(text: str) -> list[Certificate]:
    """The certificates of a PEM file. Raises ValueError if it holds none, or a broken one.

    Alipay's root file holds some of SM2 and ECDSA in an encoding that Python's `cryptography` refuses. They are
    skipped, as they aren't needed here.
    """
    found, blocks = [], PEM.findall(text)
    for block in blocks:
        try:
            found.append(load_pem_x509_certificate(block.encode()))
        except ValueError as error:
            if RSA_IN_DER in _der(block):
                raise ValueError(f"a broken certificate: {error}") from error
    if not found:
        raise ValueError("no certificate in PEM")
    return found


def _der(block: str) -> bytes:
    try:
        return base64.b64decode("".join(block.splitlines()[1:-1]), validate=True)
    except ValueError as error:
        raise ValueError("a broken certificate: not base64") from error


def sn_of(certificate: Certificate) -> str:
    """The certificate's serial number in the protocol (`app_cert_sn`, `alipay_cert_sn`)."""
    named = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(named.encode(), usedforsecurity=False).hexdigest()


def root_sn_of(roots: Iterable[Certificate]) -> str:
    """The serial number of the root file (`alipay_root_cert_sn`): Alipay's has roots signed with SM2 and ECDSA too."""
    return "_".join(
        sn_of(root) for root in roots if root.signature_algorithm_oid.dotted_string.startswith(RSA_SIGNED)
    )  # fmt: skip


def leaves(certificates: Iterable[Certificate]) -> list[Certificate]:
    """The certificates that sign messages rather than other certificates; the first one if all are CAs."""
    given = list(certificates)
    return [one for one in given if not _may_issue(one)] or given[:1]


def public_pem(certificate: Certificate) -> str:
    """The public key in PEM. Raises ValueError for a key type that `cryptography` doesn't support (SM2)."""
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm as error:
        raise ValueError(f"the certificate's key can't be used: {error}") from error
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def holder(certificate: Certificate) -> str:
    """The common name of the certificate's subject."""
    return "".join(str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME))


def check_chain(
    leaf: Certificate, between: Iterable[Certificate], roots: Iterable[Certificate], *, at: datetime
) -> None:
    """Verify that the certificate is valid at `at` and chains to one of the roots. Raises ValueError."""
    known, trusted, one = [*between, *roots], list(roots), leaf
    for _ in range(DEEPEST):
        check_dates(one, at=at)
        if one in trusted:
            return
        issuer = next((parent for parent in known if _issued(parent, one)), None)
        if issuer is None:
            raise ValueError(f"the certificate of {holder(one)} isn't issued by Alipay's root")
        one = issuer
    raise ValueError("the chain of certificates is too long")


def check_dates(certificate: Certificate, *, at: datetime) -> None:
    """Raise ValueError if the certificate isn't valid at `at`."""
    if at < certificate.not_valid_before_utc:
        raise ValueError(f"the certificate of {holder(certificate)} is valid from {certificate.not_valid_before_utc}")
    if at > certificate.not_valid_after_utc:
        raise ValueError(f"the certificate of {holder(certificate)} expired at {certificate.not_valid_after_utc}")


def _may_issue(certificate: Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
    except (ExtensionNotFound, ValueError):
        return False


def _issued(parent: Certificate, child: Certificate) -> bool:
    if parent.subject != child.issuer or not _may_issue(parent):
        return False
    try:
        child.verify_directly_issued_by(parent)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True
