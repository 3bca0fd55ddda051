"""Trusted signers: Alipay's public keys, or its certificates."""

from __future__ import annotations

import base64
import binascii
import logging
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from cryptography.x509 import Certificate
from django.utils import timezone

from apps.orders.gateways import certificates
from apps.orders.gateways.protocol import pem
from apps.orders.models import AlipayCertificate

log = logging.getLogger(__name__)
_PEM = re.compile(r"-----BEGIN [A-Z ]+-----[^-]*-----END [A-Z ]+-----")
SN = re.compile(r"[0-9a-f]{32}")


class Trust(Protocol):
    """The keys that `Sdk` verifies with."""

    first: str  # the key in PEM that the SDK's constructor needs

    def keys(self, sn: str) -> list[str]:
        """Candidate public keys in PEM; `sn` is the certificate that the message names, or empty."""

    def is_missing(self, sn: str) -> bool:
        """Whether the certificate must be downloaded from the gateway first."""

    def ends(self) -> datetime | None:
        """When Alipay's latest known certificate expires; None with bare keys."""

    def learn(self, sn: str, content: str) -> None:
        """Add a downloaded certificate, in base64. Raises ValueError if it isn't Alipay's."""


class PublicKeys:
    """Alipay's public key; the file may also hold previous ones, which stay trusted as long as they are listed."""

    def __init__(self, text: str) -> None:
        blocks = _PEM.findall(text) if "-----BEGIN" in text else re.split(r"\n\s*\n", text.strip())
        self._keys = [pem(block, "PUBLIC") for block in blocks if block.strip()]
        if not self._keys:
            raise ValueError("no public key")
        self.first = self._keys[0]

    def keys(self, sn: str) -> list[str]:
        return self._keys

    def is_missing(self, sn: str) -> bool:
        return False

    def ends(self) -> datetime | None:
        return None

    def learn(self, sn: str, content: str) -> None:
        raise ValueError("not in certificate mode")


class Certificates:
    """Alipay's certificates: those of the file, and those downloaded when Alipay changed them.

    A downloaded one is trusted if it chains to the root, is valid, and has the same holder as the one in the file:
    the same root also issues merchants' certificates.
    """

    def __init__(self, app_id: str, text: str, roots: str) -> None:
        self._app_id, found = app_id, certificates.read_certificates(text)
        self._roots = certificates.read_certificates(roots)
        self._between = [one for one in found if one not in (own := certificates.leaves(found))]
        self._known = {certificates.sn_of(one): one for one in own}
        self._holders = {certificates.holder(one) for one in own}
        self._pem = {sn: certificates.public_pem(one) for sn, one in self._known.items()}
        self.first = next(iter(self._pem.values()))

    def keys(self, sn: str) -> list[str]:
        if self.is_missing(sn):
            self._recall(sn)
        named = [sn] if sn else list(self._known)
        return [self._pem[one] for one in named if one in self._known and self._is_valid(self._known[one])]

    def is_missing(self, sn: str) -> bool:
        return bool(SN.fullmatch(sn)) and sn not in self._known

    def ends(self) -> datetime | None:
        for sn in AlipayCertificate.objects.filter(app_id=self._app_id).values_list("sn", flat=True):
            if sn not in self._known:
                self._recall(sn)
        return max(one.not_valid_after_utc for one in self._known.values())

    def learn(self, sn: str, content: str) -> None:
        try:
            text = base64.b64decode(content, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ValueError(f"the certificate can't be read: {error}") from error
        self._take(sn, text)
        AlipayCertificate.objects.get_or_create(
            app_id=self._app_id, sn=sn, defaults={"content": text, "fetched_at": timezone.now()}
        )

    def _recall(self, sn: str) -> None:
        """Load it if another process has downloaded it."""
        kept = AlipayCertificate.objects.filter(app_id=self._app_id, sn=sn).first()
        if kept is None:
            return
        try:
            self._take(sn, kept.content)
        except ValueError as error:
            log.warning("The certificate %s can't be used: %s", sn, error)

    def _take(self, sn: str, text: str) -> None:
        found = certificates.read_certificates(text)
        leaf = next((one for one in certificates.leaves(found) if certificates.sn_of(one) == sn), None)
        if leaf is None:
            raise ValueError(f"the gateway gave another certificate than {sn}")
        certificates.check_chain(leaf, self._issuers(found), self._roots, at=timezone.now())
        if certificates.holder(leaf) not in self._holders:
            raise ValueError(f"the certificate {sn} was issued to {certificates.holder(leaf)}")
        self._pem[sn] = certificates.public_pem(leaf)
        self._known[sn] = leaf

    def _issuers(self, found: Iterable[Certificate]) -> list[Certificate]:
        return [*found, *self._between]

    def _is_valid(self, certificate: Certificate) -> bool:
        try:
            certificates.check_dates(certificate, at=timezone.now())
        except ValueError as error:
            log.warning("Alipay signed with it: %s", error)
            return False
        return True
