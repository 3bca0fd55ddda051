"""Certificate mode: every call over the wire, signed and verified by certificates."""

from __future__ import annotations

import base64
import sqlite3
import subprocess
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest
from alipay import DCAliPay
from django.utils import timezone

from apps.orders import services
from apps.orders.gateways import CLOCK, gateway
from apps.orders.gateways.cashier.store import Store
from apps.orders.models import Notification, Order, OrderState, Payment, Refund
from tests.cashier import body
from tests.factories import make_user
from tests.orders.certificates.files import certify
from tests.orders.steps import bought, pay_url

pytestmark = pytest.mark.django_db(transaction=True)
Verdict = Notification.Verdict


@pytest.mark.parametrize("phone", [False, True])
def test_every_call_goes_through(either, plan, client, phone):
    till, user, at = either, make_user(), timezone.now()
    order = services.place_order(user=user, item=plan, at=at)
    url = services.pay_by_gateway(order=order, phone=phone, site="http://testserver/", at=at)
    trade = till.pay(url)
    client.force_login(user)
    back = urlsplit(till.cashier.signed_return_url(trade, at=at))
    assert gateway().is_signed(dict(parse_qsl(back.query)))
    assert client.get(f"{back.path}?{back.query}").headers["Location"] == f"/order/{order.number}/"
    assert services.query_order(order=Order.objects.get(pk=order.pk), at=at).state == OrderState.FULFILLED
    told = services.receive(body=body(till.notification(trade)), address=None, at=at)
    assert told.verdict == Verdict.SETTLED
    payment = Payment.objects.get(order=order)
    row = services.refund(payment=payment, amount=Decimal("5.00"), reason="x", by=None, at=at)
    assert services.execute_refund(refund=row, at=at).state == Refund.State.DONE
    assert gateway().was_refunded(trade_no=payment.trade_no, request_no=row.number, amount=row.amount)
    assert payment.trade_no.encode() in gateway().bill(day=at.astimezone(CLOCK).date())
    other = services.place_order(user=make_user(), item=plan, at=at)
    till.open(pay_url(other))
    assert services.close(order=Order.objects.get(pk=other.pk), at=at).state == OrderState.CLOSED


def test_requests_name_both_certificates_and_openssl_verifies_them(certified, plan, folder, tmp_path):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    params = dict(parse_qsl(urlsplit(pay_url(order)).query))
    command = ["openssl", "x509", "-in", str(folder / "app.crt"), "-noout", "-pubkey"]
    (tmp_path / "key").write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)
    (tmp_path / "sign").write_bytes(base64.b64decode(params["sign"]))
    text = "&".join(f"{name}={params[name]}" for name in sorted(params) if name != "sign")
    verify = ["openssl", "dgst", "-sha256", "-verify", str(tmp_path / "key"), "-signature", str(tmp_path / "sign")]
    assert subprocess.run(verify, input=text.encode(), capture_output=True).returncode == 0
    assert params["app_cert_sn"] == DCAliPay.get_cert_sn((folder / "app.crt").read_text())
    assert params["alipay_root_cert_sn"] == DCAliPay.get_cert_sn((folder / "root.crt").read_text().split("\n\n")[0])


def test_another_certificate_than_the_named_one_verifies_nothing(certified, plan):
    """The signature is right, and the number is the application's own certificate's."""
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    notification = certified.notification(certified.pay(pay_url(order)))
    for sn in (gateway().sdk._named["app_cert_sn"], "0" * 32, "x"):
        told = services.receive(body=body({**notification, "alipay_cert_sn": sn}), address=None, at=timezone.now())
        assert told.verdict == Verdict.FORGED
    signed = {name: value for name, value in notification.items() if name not in {"sign", "sign_type"}}
    text = "&".join(f"{name}={signed[name]}" for name in sorted(signed))  # the number signed with the rest
    told = services.receive(
        body=body({**signed, "sign_type": "RSA2", "sign": certified.cashier.sign(text)}),
        address=None,
        at=timezone.now(),
    )
    assert told.verdict == Verdict.SETTLED


def test_the_cashiers_file_of_a_version_before_is_read(tmp_path):
    columns = (
        "trade_no TEXT PRIMARY KEY, number TEXT, subject TEXT, amount TEXT, status TEXT, notify_url TEXT, "
        "return_url TEXT, created_at TEXT, expires_at TEXT, paid_at TEXT"
    )
    with sqlite3.connect(tmp_path / "trades.sqlite3") as old:
        old.execute(f"CREATE TABLE trade ({columns})")
        old.execute(
            "INSERT INTO trade VALUES ('1','N','x','1.00','WAIT_BUYER_PAY','','','2026-01-01 00:00:00',NULL,NULL)"
        )
    for _ in range(2):
        assert Store(tmp_path).get("1").certified == 0
    assert Store(tmp_path).pay("1", at=timezone.now())
    assert Store(tmp_path).get(Store(tmp_path).pay_again("1", at=timezone.now())).amount == "1.00"


def test_a_bought_plan_survives_the_change_to_certificates(till, settings, folder, plan):
    """Sent with keys, paid after the change: the same application."""
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.pay(pay_url(order))
    certify(settings, folder)
    assert services.query_order(order=Order.objects.get(pk=order.pk), at=timezone.now()).state == OrderState.FULFILLED
    assert services.receive(body=body(till.notification(trade)), address=None, at=timezone.now()).verdict == "settled"
    assert bought(till, make_user(), plan).state == OrderState.FULFILLED
