"""Certificate mode: serial numbers as others compute them, every call over the wire, and Alipay's new certificates."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
import subprocess
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from alipay import DCAliPay
from celery import current_app
from django.conf import settings as site
from django.urls import reverse
from django.utils import timezone

from apps.orders import services
from apps.orders.checks import check_payments
from apps.orders.gateways import CLOCK, GatewayRefused, GatewayUnclear, gateway, trust
from apps.orders.gateways.accounts import build
from apps.orders.gateways.cashier.certificates import make_certificates, renew_gateway
from apps.orders.gateways.cashier.keys import make_keys
from apps.orders.gateways.cashier.store import Store
from apps.orders.gateways.certificates import check_chain, leaves, read_certificates, root_sn_of, sn_of
from apps.orders.models import AlipayCertificate, Notification, Order, OrderState, Payment, Refund
from tests.cashier import body
from tests.factories import make_user
from tests.orders.steps import bought, pay_url
from utils.tasks import queue_length

pytestmark = pytest.mark.django_db(transaction=True)
HERE = Path(__file__).parent / "certificates"
Verdict = Notification.Verdict


def _text(name: str) -> str:
    return (HERE / f"{name}.crt").read_text()


# --- Numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sn"),
    [
        # Alipay's public root file and certificates of its sandbox; the numbers are those of clients in PHP and Go,
        # and of python-alipay-sdk
        ("root", "687b59193f3f462dd5336e5abf83c5d8_02941eef3187dddf3d3b83462e1dfcf6"),
        ("app", "e90dd23a37c5c7b616e003970817ff82"),
        ("sandbox_alipay", DCAliPay.get_cert_sn(_text("sandbox_alipay"))),
        ("sandbox_app", DCAliPay.get_cert_sn(_text("sandbox_app"))),
        ("sandbox_root", DCAliPay.get_root_cert_sn(_text("sandbox_root"))),
    ],
)
def test_numbers_are_those_of_other_clients(name, sn):
    found = read_certificates(_text(name))
    assert (root_sn_of(found) if "root" in name else sn_of(found[0])) == sn


def test_openssl_computes_the_same_number():
    command = ["openssl", "x509", "-in", str(HERE / "app.crt"), "-noout", "-issuer", "-serial", "-nameopt", "RFC2253"]
    issuer, serial = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    named = issuer.removeprefix("issuer=") + str(int(serial.removeprefix("serial="), 16))
    assert sn_of(read_certificates(_text("app"))[0]) == hashlib.md5(named.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    "change", [str, lambda text: text.replace("\n", "\r\n"), lambda text: text.replace("\n\n", "\n")]
)
def test_a_file_is_read_however_its_lines_end(change):
    assert root_sn_of(read_certificates(change(_text("root")))).startswith("687b59193f3f462dd5336e5abf83c5d8_")


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"])
def test_what_is_no_certificate_is_refused(text):
    with pytest.raises(ValueError, match="certificate"):
        read_certificates(text)


# --- Every call -----------------------------------------------------------------------------------


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


def certify(settings, folder: Path, *, as_pem: bool = False) -> None:
    settings.ALIPAY_PUBLIC_KEY_FILE = ""
    for name, file in (("APP_CERT", "app.crt"), ("CERT", "gateway.crt"), ("ROOT_CERT", "root.crt")):
        setattr(settings, f"ALIPAY_{name}_FILE", (folder / file).read_text() if as_pem else str(folder / file))
    if as_pem:
        settings.ALIPAY_PRIVATE_KEY_FILE = (folder / "app_private.pem").read_text().replace("\n", "\\n")


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


# --- Alipay's new certificate ---------------------------------------------------------------------


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


def test_an_answer_under_a_new_certificate_fetches_it(renewed, plan, client):
    till = renewed
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.pay(pay_url(order))
    assert services.query_order(order=Order.objects.get(pk=order.pk), at=timezone.now()).state == OrderState.FULFILLED
    assert AlipayCertificate.objects.get().sn == till.cashier.sn
    assert services.receive(body=body(till.notification(trade)), address=None, at=timezone.now()).verdict == "settled"


def test_a_notification_under_a_new_certificate_has_the_queue_fetch_it(renewed, plan):
    """No foreign server in a web thread, and one question however many numbers are invented."""
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.delete("money")  # type: ignore[attr-defined]
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    notification = body(renewed.notification(renewed.pay(pay_url(order))))
    for _ in range(3):
        assert services.receive(body=notification, address=None, at=timezone.now()).verdict == Verdict.FORGED
    assert queue_length("money") == 1
    services.fetch_certificate(app_id=site.ALIPAY_APP_ID, sn=renewed.cashier.sn)
    assert services.receive(body=notification, address=None, at=timezone.now()).verdict == Verdict.SETTLED


def test_the_old_certificate_is_believed_beside_the_new_one(renewed, plan, folder, settings):
    """In flight: signed before the change, delivered after it."""
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    renewed.pay(pay_url(order))
    services.query_order(order=Order.objects.get(pk=order.pk), at=timezone.now())
    assert set(gateway().sdk._trust._known) == {renewed.cashier.sn, sn_of(read_certificates(Path(settings.ALIPAY_CERT_FILE).read_text())[0])}  # type: ignore[attr-defined]  # fmt: skip # noqa: E501


def test_a_fetched_certificate_has_to_be_alipays(renewed, folder):
    """The same root issues merchants' certificates: the application's own chains, and is another holder's."""
    sdk = gateway().sdk
    app = (folder / "app.crt").read_bytes()
    for content, sn, why in [
        (app, sn_of(read_certificates(app.decode())[0]), "issued to"),
        ((folder / "gateway.crt").read_bytes(), "0" * 32, "another certificate"),
        (_text("sandbox_alipay").encode(), sn_of(read_certificates(_text("sandbox_alipay"))[0]), "expired"),
        (b"x", "0" * 32, "no certificate"),
    ]:
        with pytest.raises(ValueError, match=why):
            sdk._trust.learn(sn, base64.b64encode(content).decode())
    assert not AlipayCertificate.objects.exists()


def test_a_certificate_of_another_root_is_refused():
    leaf, *between = read_certificates(_text("sandbox_alipay"))
    with pytest.raises(ValueError, match="isn't issued by"):
        check_chain(leaf, between, read_certificates(_text("root")), at=datetime(2021, 1, 1, tzinfo=UTC))


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


def test_a_number_that_the_gateway_does_not_know_is_unclear(certified):
    with pytest.raises(GatewayUnclear):
        gateway().fetch_certificate("0" * 32)


def test_an_expired_certificate_verifies_nothing(certified, plan, monkeypatch):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    notification = certified.notification(certified.pay(pay_url(order)))
    assert gateway().is_signed(notification)
    later = timezone.now() + timedelta(days=4000)
    monkeypatch.setattr(trust.timezone, "now", lambda: later)  # type: ignore[attr-defined]
    assert not gateway().is_signed(notification)


# --- Start ----------------------------------------------------------------------------------------


def test_checks_say_what_is_wrong_with_certificates(settings, folder, tmp_path):
    settings.PAYMENT_GATEWAY, settings.ALIPAY_GATEWAY_URL = "alipay", "https://openapi.alipay.com/gateway.do"
    certify(settings, folder)

    def ids() -> list[str]:
        return [message.id for message in check_payments()]

    assert ids() == []
    settings.ALIPAY_APP_CERT_FILE = str(folder / "gateway.crt")
    assert ids() == ["orders.E006"]  # not the private key's
    settings.ALIPAY_APP_CERT_FILE = ""
    assert ids() == ["orders.E004"]
    settings.ALIPAY_APP_CERT_FILE = str(folder / "app.crt")
    settings.ALIPAY_CERT_FILE = str(HERE / "sandbox_alipay.crt")
    assert ids() == ["orders.E007", "orders.E008"]  # expired, and no chain
    settings.ALIPAY_GATEWAY_URL = "https://openapi-sandbox.dl.alipaydev.com/gateway.do"
    assert ids() == ["orders.E007", "orders.W001"]
    settings.ALIPAY_CERT_FILE = str(tmp_path / "nothing.crt")
    assert ids() == ["orders.E004"]


def test_an_alarm_is_raised_before_the_certificate_ends(certified, settings, mailed):
    settings.MONEY_ALARMS_TO = "money@example.com"
    ends = gateway().certified_until
    for days, told in ((60, 0), (5, 1), (4, 2)):
        services.daily_statement(at=ends - timedelta(days=days))
        services.daily_statement(at=ends - timedelta(days=days))
        assert sum("The certificate of" in mail.subject for mail in mailed) == told


def test_an_alarm_is_raised_where_alipays_last_certificate_ends(renewed, plan, settings, mailed):
    """Not for the one of the file, which another has followed."""
    settings.MONEY_ALARMS_TO = "money@example.com"
    [old] = leaves(read_certificates(Path(settings.ALIPAY_CERT_FILE).read_text()))
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    renewed.pay(pay_url(order))
    services.query_order(order=Order.objects.get(pk=order.pk), at=timezone.now())
    build.cache_clear()  # another process, which has to look what this one fetched
    ends = gateway().sdk.trusted_until()
    assert ends > old.not_valid_after_utc
    for days, told in ((60, 0), (5, 1)):
        services.daily_statement(at=ends - timedelta(days=days))
        assert sum("Alipay's certificate of" in mail.subject for mail in mailed) == told


def test_the_administration_shows_the_certificates_and_which_are_in_use(renewed, plan, settings, client):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    renewed.pay(pay_url(order))
    services.query_order(order=Order.objects.get(pk=order.pk), at=timezone.now())
    expired = _text("sandbox_alipay")
    sn = sn_of(read_certificates(expired)[0])
    AlipayCertificate.objects.create(app_id=site.ALIPAY_APP_ID, sn=sn, content=expired, fetched_at=timezone.now())
    AlipayCertificate.objects.create(app_id="1", sn="0" * 32, content="broken", fetched_at=timezone.now())
    told = {
        row.sn: services.certificate_of(row=row, at=timezone.now()).is_used for row in AlipayCertificate.objects.all()
    }
    assert told == {renewed.cashier.sn: True, sn: False, "0" * 32: False}
    client.force_login(make_user(is_staff=True, is_superuser=True))
    address = reverse("admin:orders_alipaycertificate_changelist")
    page = client.get(address).content.decode()
    files = [
        read_certificates(Path(getattr(settings, f"ALIPAY_{name}_FILE")).read_text())[0]
        for name in ("APP_CERT", "CERT")
    ]
    for number in (*told, *(sn_of(one) for one in files)):
        assert number in page
    assert page.count("使用中") == 3
    assert f"Local cashier-{site.ALIPAY_SELLER_ID}" in page
    assert client.get(f"{address}add/").status_code == 403
    row = AlipayCertificate.objects.get(sn="0" * 32)
    assert client.get(f"{address}{row.pk}/change/").status_code == 200
    assert client.post(f"{address}{row.pk}/change/", {"sn": "1"}).status_code == 403


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


def test_checks_see_the_own_key_in_the_place_of_alipays(settings, folder):
    settings.PAYMENT_GATEWAY, settings.ALIPAY_GATEWAY_URL = "alipay", "https://openapi.alipay.com/gateway.do"
    assert check_payments() == []
    settings.ALIPAY_PUBLIC_KEY_FILE = str(folder / "app_public.pem")
    assert [message.id for message in check_payments()] == ["orders.E006"]
    with pytest.raises(GatewayRefused):
        gateway()


def test_a_bought_plan_survives_the_change_to_certificates(till, settings, folder, plan):
    """Sent with keys, paid after the change: the same application."""
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.pay(pay_url(order))
    certify(settings, folder)
    assert services.query_order(order=Order.objects.get(pk=order.pk), at=timezone.now()).state == OrderState.FULFILLED
    assert services.receive(body=body(till.notification(trade)), address=None, at=timezone.now()).verdict == "settled"
    assert bought(till, make_user(), plan).state == OrderState.FULFILLED
