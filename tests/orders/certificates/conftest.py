"""The cashier with certificates, also with a new one that the site doesn't know yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings as site

from apps.orders.gateways.cashier.certificates import make_certificates, renew_gateway
from apps.orders.gateways.cashier.keys import make_keys
from tests.orders.certificates.files import certify


@pytest.fixture
def folder() -> Path:
    folder = Path(site.CASHIER_DIR)
    make_keys(folder)
    make_certificates(folder, seller_id=site.ALIPAY_SELLER_ID, app_id=site.ALIPAY_APP_ID)
    return folder


@pytest.fixture(params=["public key", "certificates", "certificates as PEM"])
def either(request, till, settings, folder):
    """Both ways to sign; the settings name files, or hold what is in them."""
    if request.param != "public key":
        certify(settings, folder, as_pem=request.param.endswith("PEM"))
    return till


@pytest.fixture
def certified(till, settings, folder):
    certify(settings, folder)
    return till


@pytest.fixture
def renewed(certified, settings, folder, tmp_path):
    """Alipay signs with a new certificate, and the site's file has the old one."""
    old = tmp_path / "old.crt"
    old.write_bytes((folder / "gateway.crt").read_bytes())
    settings.ALIPAY_CERT_FILE = str(old)
    kept = {name: (folder / name).read_bytes() for name in ("gateway.crt", "gateway_private.pem")}
    renew_gateway(folder)
    yield certified
    for name, content in kept.items():
        (folder / name).write_bytes(content)
