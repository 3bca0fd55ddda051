"""Serial numbers as other clients compute them, and chains that lead to their root."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from alipay import DCAliPay
from django.utils import timezone

from apps.orders.gateways.certificates import check_chain, leaves, read_certificates, root_sn_of, sn_of
from tests.orders.certificates.files import HERE, text_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("name", "sn"),
    [
        # Alipay's public root file and certificates of its sandbox; the numbers are those of clients in PHP and Go,
        # and of python-alipay-sdk
        ("root", "687b59193f3f462dd5336e5abf83c5d8_02941eef3187dddf3d3b83462e1dfcf6"),
        ("app", "e90dd23a37c5c7b616e003970817ff82"),
        ("sandbox_alipay", DCAliPay.get_cert_sn(text_of("sandbox_alipay"))),
        ("sandbox_app", DCAliPay.get_cert_sn(text_of("sandbox_app"))),
        ("sandbox_root", DCAliPay.get_root_cert_sn(text_of("sandbox_root"))),
    ],
)
def test_numbers_are_those_of_other_clients(name, sn):
    found = read_certificates(text_of(name))
    assert (root_sn_of(found) if "root" in name else sn_of(found[0])) == sn


def test_openssl_computes_the_same_number():
    command = ["openssl", "x509", "-in", str(HERE / "app.crt"), "-noout", "-issuer", "-serial", "-nameopt", "RFC2253"]
    issuer, serial = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    named = issuer.removeprefix("issuer=") + str(int(serial.removeprefix("serial="), 16))
    assert sn_of(read_certificates(text_of("app"))[0]) == hashlib.md5(named.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    "change", [str, lambda text: text.replace("\n", "\r\n"), lambda text: text.replace("\n\n", "\n")]
)
def test_a_file_is_read_however_its_lines_end(change):
    assert root_sn_of(read_certificates(change(text_of("root")))).startswith("687b59193f3f462dd5336e5abf83c5d8_")


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"])
def test_what_is_no_certificate_is_refused(text):
    with pytest.raises(ValueError, match="certificate"):
        read_certificates(text)


def test_a_certificate_of_another_root_is_refused():
    leaf, *between = read_certificates(text_of("sandbox_alipay"))
    with pytest.raises(ValueError, match="isn't issued by"):
        check_chain(leaf, between, read_certificates(text_of("root")), at=datetime(2021, 1, 1, tzinfo=UTC))


def test_the_chain_of_a_gateway_file_leads_to_its_root(folder):
    given, roots = (read_certificates((folder / name).read_text()) for name in ("gateway.crt", "root.crt"))
    [leaf] = leaves(given)
    check_chain(leaf, given, roots, at=timezone.now())
    for at in (timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=4000)):
        with pytest.raises(ValueError, match=r"valid from|expired"):
            check_chain(leaf, given, roots, at=at)
    with pytest.raises(ValueError, match="isn't issued by"):
        check_chain(leaf, [], roots, at=timezone.now())


def test_a_file_of_one_certificate_is_taken_whatever_it_may_issue(folder, tmp_path):
    """As `openssl req -x509` makes them."""
    command = ["openssl", "req", "-x509", "-key", str(folder / "app_private.pem"), "-days", "9", "-subj", "/CN=x"]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert [sn_of(one) for one in leaves(read_certificates(made))] == [sn_of(read_certificates(made)[0])]
