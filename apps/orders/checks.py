"""System checks of the payment settings."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from cryptography.x509 import Certificate
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.utils import timezone

from apps.orders.gateways.accounts import Account, accounts, build, read
from apps.orders.gateways.certificates import check_chain, check_dates, leaves, read_certificates
from utils.addresses import is_mail_address, is_site

GATEWAYS = {"alipay", "cashier", "none"}
SANDBOX = "alipaydev.com"
PARTNER = re.compile(r"2088\d{12}", re.ASCII)
SOON = timedelta(days=30)  # the warning appears this long before a certificate expires


@register()
def check_payments(**_kwargs: Any) -> list[CheckMessage]:
    """Report payment settings that are wrong in this environment."""
    if settings.PAYMENT_GATEWAY not in GATEWAYS:
        return [
            Error(
                f"PAYMENT_GATEWAY is {settings.PAYMENT_GATEWAY!r}.",
                hint="Set it to alipay, cashier or none.",
                id="orders.E001",
            )
        ]
    return [*_check_addresses(), *_check_cashier(), *_check_alipay()]


def _check_addresses() -> list[CheckMessage]:
    alarms, cashier = settings.MONEY_ALARMS_TO, settings.CASHIER_URL
    found: list[CheckMessage] = []
    if alarms and not is_mail_address(alarms):
        hint = "Set it to one e-mail address, or leave it empty to only log alarms."
        found.append(Error(f"MONEY_ALARMS_TO is {alarms!r}.", hint=hint, id="orders.E009"))
    if settings.PAYMENT_GATEWAY == "cashier" and not is_site(cashier):
        hint = "Set it to http://127.0.0.1:8001, or to the address where the cashier runs."
        found.append(Error(f"CASHIER_URL is {cashier!r}.", hint=hint, id="orders.E011"))
    return found


def _check_cashier() -> list[CheckMessage]:
    if settings.PAYMENT_GATEWAY != "cashier" or settings.ENVIRONMENT != "production":
        return []
    return [
        Error(
            "The local cashier takes no real money and can't run in production.",
            hint="Set PAYMENT_GATEWAY=alipay and its keys, or PAYMENT_GATEWAY=none.",
            id="orders.E002",
        )
    ]


def _check_alipay() -> list[CheckMessage]:
    used = [account for account in accounts() if account.gateway == "alipay"]  # earlier ones are still queried
    return [message for account in used for message in _check_account(account)]


def _check_account(account: Account) -> list[CheckMessage]:
    earlier = settings.PAYMENT_GATEWAY != "alipay" or account.app_id != settings.ALIPAY_APP_ID
    prefix = f"ALIPAY_{account.app_id}_" if earlier else "ALIPAY_"
    found: list[CheckMessage] = [
        Error(f"{prefix}{name} is not set.", hint=f"Set {prefix}{name}: the open platform shows it.", id="orders.E003")
        for name, value in (("APP_ID", account.app_id), ("SELLER_ID", account.seller_id))
        if not value
    ]
    if account.seller_id and not PARTNER.fullmatch(account.seller_id):
        hint = "Set it to the partner id, 16 digits that begin with 2088: every notification names it."
        found.append(Error(f"{prefix}SELLER_ID is {account.seller_id!r}.", hint=hint, id="orders.E010"))
    found += _check_files(account, prefix) or _check_keys(account, prefix)
    if not account.url.startswith("https://"):
        hint = "Alipay is reached through https."
        found.append(Error(f"{prefix}GATEWAY_URL is {account.url!r}.", hint=hint, id="orders.E005"))
    return found


def _check_files(account: Account, prefix: str) -> list[CheckMessage]:
    wanted = {"PRIVATE_KEY_FILE": account.private_key}
    if account.is_certified:
        wanted |= {"APP_CERT_FILE": account.app_cert, "CERT_FILE": account.cert, "ROOT_CERT_FILE": account.root_cert}
    else:
        wanted |= {"PUBLIC_KEY_FILE": account.public_key}
    found: list[CheckMessage] = []
    for name, value in wanted.items():
        try:
            read(value)
        except (OSError, ValueError) as error:
            hint = f"Set {prefix}{name} to the file's path, or to the PEM itself."
            shown = "PEM" if "-----BEGIN" in value else repr(value)
            found.append(Error(f"{prefix}{name} is {shown}: {error}", hint=hint, id="orders.E004"))
    return found


def _check_keys(account: Account, prefix: str) -> list[CheckMessage]:
    """Whether the keys match, and the certificates chain to Alipay's root and are valid today."""
    try:
        build(account, account.texts)
    except ValueError as error:
        hint = "Download the keys and certificates of this application again, all of the same day."
        return [Error(f"The keys of {prefix}… can't be used: {error}", hint=hint, id="orders.E006")]
    if not account.is_certified:
        return []
    _, app_cert, cert, root_cert = account.texts
    own, given = leaves(read_certificates(app_cert))[0], read_certificates(cert)
    alipays = leaves(given)[0]
    found = [*_check_dates(own, f"{prefix}APP_CERT_FILE"), *_check_dates(alipays, f"{prefix}CERT_FILE")]
    try:
        check_chain(alipays, given, read_certificates(root_cert), at=alipays.not_valid_before_utc)
    except ValueError as error:
        hint = "Download it again from the open platform, with the root certificate."
        # the sandbox's files omit the issuing certificate
        kind, number = (Warning, "orders.W001") if SANDBOX in account.url else (Error, "orders.E008")
        found.append(kind(f"{prefix}CERT_FILE: {error}", hint=hint, id=number))
    return found


def _check_dates(certificate: Certificate, name: str) -> list[CheckMessage]:
    hint, now = "Renew it on the open platform and replace the file; nothing has to be restarted.", timezone.now()
    try:
        check_dates(certificate, at=now)
    except ValueError as error:
        return [Error(f"{name}: {error}", hint=hint, id="orders.E007")]
    if certificate.not_valid_after_utc > now + SOON:
        return []
    return [Warning(f"{name} is valid until {certificate.not_valid_after_utc:%Y-%m-%d}.", hint=hint, id="orders.W002")]
