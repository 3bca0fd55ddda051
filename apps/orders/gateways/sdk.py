"""python-alipay-sdk with the gateway's clock, both signing modes and a proper JSON parser."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from alipay import AliPay
from alipay.exceptions import AliPayValidationError
from Cryptodome.Hash import SHA256
from Cryptodome.PublicKey import RSA
from Cryptodome.Signature import PKCS1_v1_5
from django.utils import timezone

from apps.orders.gateways.answers import is_success, members
from apps.orders.gateways.protocol import format_time, signed_text
from apps.orders.gateways.trust import Trust
from utils.fetching import fetch

log = logging.getLogger(__name__)
LONGEST = 1024 * 1024  # bytes of an answer
DOWNLOAD = "alipay.open.app.alipaycert.download"


class Sdk(AliPay):  # type: ignore[misc]  # python-alipay-sdk ships no types
    """Fixes the SDK's timestamps (machine time zone) and certificate mode (DCAliPay knows only one certificate).

    `named` is sent with every request: in certificate mode the serial numbers of application and root certificate.
    """

    def __init__(self, *, url: str, trust: Trust, named: Mapping[str, str], **options: Any) -> None:
        super().__init__(alipay_public_key_string=trust.first, **options)
        self._gateway, self._trust, self._named = url, trust, dict(named)

    def build_body(self, *args: Any, **kwargs: Any) -> Any:
        return super().build_body(*args, timestamp=format_time(timezone.now()), **self._named, **kwargs)

    def verified_sync_response(self, data: Any, response_type: str) -> Any:
        return self._verify_and_return_sync_response(self._fetch(data), response_type)

    def _fetch(self, data: Any) -> str:
        address = f"{self._gateway}?{self.sign_data(data)}"
        return fetch(address, seconds=self._config.timeout, largest=LONGEST).decode()

    def _verify_and_return_sync_response(self, raw_string: str, response_type: str) -> Any:
        """The answer, its signature verified over the raw signed text. Errors are signed as well."""
        found = members(raw_string)
        written, meant = found.get(response_type) or found["error_response"]
        _, signature = found.get("sign", ("", ""))
        _, sn = found.get("alipay_cert_sn", ("", ""))
        if not isinstance(sn, str) or not isinstance(signature, str):
            raise AliPayValidationError("not signed")
        if self.lacks(sn):
            self.fetch_certificate(sn)
        if not self.is_signature(written, signature, sn=sn):
            raise AliPayValidationError(f"not signed: {written[:200]}")
        return meant

    def trusted_until(self) -> datetime | None:
        """When Alipay's latest known certificate expires; None with bare keys."""
        return self._trust.ends()

    def lacks(self, sn: str) -> bool:
        """Whether the certificate has to be downloaded before its signatures can be verified."""
        return self._trust.is_missing(sn) and not self._trust.keys(sn)

    def fetch_certificate(self, sn: str) -> None:
        """Download the certificate that the gateway signs with now. Raises as calls do.

        The answer can't be verified with an unknown certificate; instead the certificate must chain to Alipay's root.
        """
        name = DOWNLOAD.replace(".", "_") + "_response"
        text = self._fetch(self.build_body(DOWNLOAD, {"alipay_cert_sn": sn}))
        _, fields = members(text).get(name, ("", {}))
        if not isinstance(fields, dict) or not is_success(fields):
            raise AliPayValidationError(f"no certificate {sn}: {text[:200]}")
        self._trust.learn(sn, str(fields.get("alipay_cert_content", "")))
        log.info("Alipay signs with the certificate %s now.", sn)

    def is_signature(self, text: str, signature: str, *, sn: str = "") -> bool:
        """Whether one of the candidate keys signed the text; `sn` selects a certificate."""
        if not _is_base64(signature):
            return False
        digest, given = SHA256.new(text.encode()), base64.b64decode(signature)
        # not the SDK's _verify: it keeps one key in an object shared by threads
        return any(PKCS1_v1_5.new(_key(key)).verify(digest, given) for key in self._trust.keys(sn))

    def is_notification(self, params: Mapping[str, str]) -> bool:
        """Whether `sign` is a valid signature of the parameters.

        Alipay leaves `sign_type` out of what it signs (rsaCheckV1); life-style accounts include it (rsaCheckV2).
        `alipay_cert_sn` may be signed or not: it only selects the key.
        """
        signature, sn = params.get("sign", ""), params.get("alipay_cert_sn", "")
        if params.get("sign_type", "RSA2") != "RSA2":
            return False
        without = [{"sign", "sign_type"}, {"sign"}, {"sign", "sign_type", "alipay_cert_sn"}, {"sign", "alipay_cert_sn"}]
        texts = {signed_text(params, without=frozenset(names)) for names in (without if sn else without[:2])}
        return any(self.is_signature(text, signature, sn=sn) for text in texts)


@lru_cache(maxsize=32)
def _key(text: str) -> RSA.RsaKey:
    return RSA.import_key(text)


def _is_base64(signature: str) -> bool:
    """Whether it is canonical base64: the SDK's decoder ignores invalid characters."""
    try:
        return bool(signature) and base64.b64encode(base64.b64decode(signature, validate=True)).decode() == signature
    except ValueError:
        return False
