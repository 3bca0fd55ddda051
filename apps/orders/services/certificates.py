"""The payment certificates: owner, validity and whether they are in use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography.x509 import Certificate
from django.utils.translation import gettext as _

from apps.orders.gateways import accounts
from apps.orders.gateways.certificates import holder, leaves, read_certificates, sn_of
from apps.orders.models import AlipayCertificate


@dataclass(frozen=True)
class CertificateInfo:
    """One certificate; `holder` is empty if it can't be read."""

    of: str  # description, in the reader's language
    app_id: str
    sn: str
    holder: str = ""
    until: datetime | None = None
    is_used: bool = False


def certificates_of_settings(*, at: datetime) -> list[CertificateInfo]:
    """The configured certificates of each application: its own and Alipay's."""
    found = []
    for account in accounts():
        if account.is_certified:
            try:
                _private, own, alipays, _root = account.texts
                found += _describe(read_certificates(own)[:1], _("Application certificate"), account.app_id, at)
                found += _describe(leaves(read_certificates(alipays)), _("Alipay certificate"), account.app_id, at)
            except (OSError, ValueError):
                continue  # the system check reports the error
    return found


def certificate_of(*, row: AlipayCertificate, at: datetime) -> CertificateInfo:
    """Details of a downloaded certificate."""
    try:
        own = [one for one in read_certificates(row.content) if sn_of(one) == row.sn]
    except ValueError:
        own = []
    return next(
        iter(_describe(own, _("Alipay certificate"), row.app_id, at)),
        CertificateInfo(_("Alipay certificate"), row.app_id, row.sn),
    )


def _describe(found: Iterable[Certificate], of: str, app_id: str, at: datetime) -> list[CertificateInfo]:
    certified = {account.app_id for account in accounts() if account.is_certified}
    return [
        CertificateInfo(
            of, app_id, sn_of(one), holder(one), one.not_valid_after_utc,
            is_used=app_id in certified and one.not_valid_before_utc <= at <= one.not_valid_after_utc,
        )
        for one in found
    ]  # fmt: skip
