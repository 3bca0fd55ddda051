"""The configured Alipay applications, current and earlier, and their keys.

Keys and certificates are read whenever a gateway is requested, so replacing a file needs no restart. While new files
are unusable (half written, or a certificate without its key), the previous ones stay in use.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from alipay.utils import AliPayConfig
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.conf import settings

from apps.orders.gateways.alipay import TIMEOUT, AlipayGateway
from apps.orders.gateways.cashier.keys import make_keys
from apps.orders.gateways.certificates import leaves, public_pem, read_certificates, root_sn_of, sn_of
from apps.orders.gateways.protocol import GatewayRefused, GatewayUnclear, pem
from apps.orders.gateways.sdk import Sdk
from apps.orders.gateways.trust import Certificates, PublicKeys, Trust

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Account:
    """One application of one seller. Each key and certificate is a file path or the PEM text."""

    gateway: str  # alipay or cashier
    app_id: str
    seller_id: str
    url: str
    private_key: str
    public_key: str = ""
    app_cert: str = ""  # certificates of the application, of Alipay and of its root: all three or none
    cert: str = ""
    root_cert: str = ""

    @property
    def is_certified(self) -> bool:
        """Whether it uses certificate mode instead of bare public keys."""
        return bool(self.app_cert or self.cert or self.root_cert)

    @property
    def texts(self) -> tuple[str, ...]:
        """The current contents of its keys. Raises OSError and ValueError."""
        if self.is_certified:
            return tuple(read(value) for value in (self.private_key, self.app_cert, self.cert, self.root_cert))
        return read(self.private_key), read(self.public_key)


def read(value: str) -> str:
    """The PEM of a setting that holds it, or names its file. Raises OSError and ValueError."""
    if "-----BEGIN" in value:
        return value.replace("\\n", "\n")  # environment variables escape line breaks
    if not value:
        raise ValueError("a key is not set")
    return Path(value).read_text()


def payments_enabled() -> bool:
    """Whether payments through a gateway are enabled."""
    return bool(settings.PAYMENT_GATEWAY != "none")


def accounts() -> list[Account]:
    """All configured applications, the current one first."""
    earlier = [_account("alipay", one) for one in settings.ALIPAY_EARLIER_APPS]
    if not payments_enabled():
        return earlier
    names = ("APP_ID", "SELLER_ID", "GATEWAY_URL", "PRIVATE_KEY_FILE", "PUBLIC_KEY_FILE", "APP_CERT_FILE")
    values = {name: getattr(settings, f"ALIPAY_{name}") for name in (*names, "CERT_FILE", "ROOT_CERT_FILE")}
    return [_account(settings.PAYMENT_GATEWAY, values), *earlier]


def sellers() -> list[list[Account]]:
    """The applications grouped by seller, as bills are per seller; the current seller first."""
    found: dict[tuple[str, str], list[Account]] = {}
    for account in accounts():
        found.setdefault((account.gateway, account.seller_id), []).append(account)
    return list(found.values())


def _account(gateway: str, values: dict[str, Any]) -> Account:
    return Account(
        gateway=gateway,
        app_id=values["APP_ID"],
        seller_id=values["SELLER_ID"],
        url=values["GATEWAY_URL"],
        private_key=str(values["PRIVATE_KEY_FILE"]),
        public_key=str(values["PUBLIC_KEY_FILE"]),
        app_cert=str(values["APP_CERT_FILE"]),
        cert=str(values["CERT_FILE"]),
        root_cert=str(values["ROOT_CERT_FILE"]),
    )


def gateway() -> AlipayGateway:
    """The current gateway. Raises GatewayRefused if payments aren't set up."""
    if not payments_enabled():
        raise GatewayRefused("PAYMENT_GATEWAY is none.")
    if settings.PAYMENT_GATEWAY == "cashier":
        make_keys(settings.CASHIER_DIR)
    return gateway_of(accounts()[0])


def gateway_by_id(*, name: str, app_id: str) -> AlipayGateway:
    """The gateway of an existing order or payment. Raises GatewayUnclear if it is no longer configured.

    Old rows have no `app_id`; they use the current gateway.
    """
    for account in accounts():
        if account.app_id == app_id and account.gateway == name:
            return gateway_of(account)
    if not app_id and payments_enabled():
        return gateway()
    raise GatewayUnclear(f"The settings have no application {app_id} of {name}: see ALIPAY_EARLIER_APPS.")


_in_use: dict[Account, AlipayGateway] = {}
_warned: dict[Account, str] = {}


def gateway_of(account: Account) -> AlipayGateway:
    """The account's gateway with its current keys. Raises GatewayRefused if it never had usable ones."""
    try:
        built = build(account, account.texts)
    except (OSError, ValueError) as error:
        if _warned.get(account) != str(error):
            log.warning("The keys of %s can't be used: %s", account.app_id, error)
        _warned[account] = str(error)
        if account not in _in_use:
            raise GatewayRefused(f"The keys of {account.app_id} can't be used: {error}") from error
        return _in_use[account]
    _in_use[account] = built
    _warned.pop(account, None)
    return built


@lru_cache(maxsize=32)
def build(account: Account, texts: tuple[str, ...]) -> AlipayGateway:
    """Build the account's gateway with these keys. Raises ValueError for unusable or mismatched keys."""
    private = pem(texts[0], "PRIVATE")
    public = _public_of(private)
    named: dict[str, str] = {}
    until = None
    if account.is_certified:
        _, app_cert, cert, root_cert = texts
        own = leaves(read_certificates(app_cert))
        if public_pem(own[0]) != public:
            raise ValueError("the application's certificate isn't that of its private key")
        until = own[0].not_valid_after_utc
        named = {"app_cert_sn": sn_of(own[0]), "alipay_root_cert_sn": root_sn_of(read_certificates(root_cert))}
        trust: Trust = Certificates(account.app_id, cert, root_cert)
    else:
        trust = PublicKeys(texts[1])
        if any("".join(key.split()) == "".join(public.split()) for key in trust.keys("")):
            raise ValueError("the public key is the application's own, not Alipay's")
    sdk = Sdk(
        url=account.url, trust=trust, named=named, appid=account.app_id, app_private_key_string=private,
        config=AliPayConfig(timeout=TIMEOUT),
    )  # fmt: skip
    return AlipayGateway(
        name=account.gateway, url=account.url, app_id=account.app_id, seller_id=account.seller_id, sdk=sdk,
        certified_until=until,
    )  # fmt: skip


def _public_of(private: str) -> str:
    try:
        key = load_pem_private_key(private.encode(), None)
    except TypeError as error:  # encrypted
        raise ValueError(str(error)) from error
    except ValueError:
        # bare base64 of PKCS #1 gets the PKCS #8 header; the SDK tells them apart by content
        key = load_pem_private_key(private.replace(" PRIVATE KEY", " RSA PRIVATE KEY").encode(), None)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
