"""What is believed: official vectors, every altered field, and another implementation of RSA2 (OpenSSL) both ways."""

from __future__ import annotations

import base64
import json
import subprocess
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.conf import settings as site
from django.utils import timezone

from apps.orders import services
from apps.orders.gateways import gateway
from apps.orders.gateways.cashier.keys import make_keys
from apps.orders.gateways.sdk import Sdk
from apps.orders.gateways.trust import PublicKeys
from apps.orders.models import Notification, Order, Payment
from tests.cashier import body
from tests.conftest import ROOT
from tests.factories import make_plan, make_user

VECTORS = ROOT.parent / "shared" / "data" / "alipay" / "notify_vectors.json"
FORM = "application/x-www-form-urlencoded"
Verdict = Notification.Verdict


@pytest.fixture
def keys() -> Path:
    make_keys(site.CASHIER_DIR)
    return Path(site.CASHIER_DIR)


def _sdk(keys: Path, public: str) -> Sdk:
    private = (keys / "app_private.pem").read_text()
    return Sdk(url="", trust=PublicKeys(public), named={}, appid="1", app_private_key_string=private)


def _openssl_sign(text: str, key: Path) -> str:
    command = ["openssl", "dgst", "-sha256", "-sign", str(key)]
    return base64.b64encode(
        subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout
    ).decode()


def _openssl_verifies(text: str, signature: str, key: Path, folder: Path) -> bool:
    (folder / "signature").write_bytes(base64.b64decode(signature))
    command = ["openssl", "dgst", "-sha256", "-verify", str(key), "-signature", str(folder / "signature")]
    return subprocess.run(command, input=text.encode(), capture_output=True).returncode == 0


def _joined(params: dict[str, str], *without: str) -> str:
    return "&".join(f"{name}={params[name]}" for name in sorted(params) if name not in without)


def _own_vectors(keys: Path) -> list[dict]:
    """Of the kinds of the official ones, signed by OpenSSL."""
    public = "".join((keys / "gateway_public.pem").read_text().splitlines()[1:-1])
    params = {
        "app_id": "2021",
        "subject": "语雀空间 500人规模",
        "total_amount": "0.10",
        "sign_type": "RSA2",
        "empty": "",
    }
    key = keys / "gateway_private.pem"
    first = {**params, "sign": _openssl_sign(_joined(params, "sign_type"), key)}
    second = {**params, "sign": _openssl_sign(_joined(params), key)}
    bare = {name: value for name, value in first.items() if name != "sign_type"}
    wrong = {**first, "total_amount": "0.11"}
    return [
        {"name": name, "alipay_public_key": public, "params": given, "expected": expected}
        for name, given, expected in (
            ("V1", first, True), ("V1 without sign_type", bare, True), ("V2", second, True), ("altered", wrong, False),
            ("RSA", {**first, "sign_type": "RSA"}, False), ("unsigned", params, False),
        )
    ]  # fmt: skip


def test_the_vectors_verify_as_they_say(keys):
    official = json.loads(VECTORS.read_text()) if VECTORS.exists() else []
    vectors = [*official, *_own_vectors(keys)]
    for vector in vectors:
        before = dict(vector["params"])
        sdk = _sdk(keys, vector["alipay_public_key"])
        assert sdk.is_notification(vector["params"]) is vector["expected"], vector["name"]
        assert vector["params"] == before


@pytest.fixture
def paid(db, till):
    """An order paid at the cashier, and its notification."""
    order = services.place_order(user=make_user(), item=make_plan(), at=timezone.now())
    url = services.pay_by_gateway(order=order, phone=False, site="http://testserver/", at=timezone.now())
    return order, till.notification(till.pay(url))


def _notify(client, content: bytes | dict[str, str]) -> tuple[str, Notification]:
    content = body(content) if isinstance(content, dict) else content
    answer = client.post("/order/notify/", data=content, content_type=FORM)
    return answer.content.decode(), Notification.objects.latest("pk")


def _unpaid(order: Order) -> bool:
    return not Payment.objects.exists() and Order.objects.get(pk=order.pk).state == "pending"


def test_every_field_altered_in_turn_is_refused_and_stored(client, paid):
    order, notification = paid
    count = 0
    for name, value in notification.items():
        for altered in (f"{value}1", f"1{value}", value[:-1], value.swapcase(), ""):
            if altered == value:
                continue
            said, stored = _notify(client, {**notification, name: altered})
            assert (said, stored.verdict) == ("failure", Verdict.FORGED), (name, altered)
            assert urlencode({name: altered}) in stored.body
            stored.delete()  # of one sender few are kept: test_strangers
            count += 1
        if name != "sign_type":  # which isn't signed: without it the signature still stands
            rest = {other: text for other, text in notification.items() if other != name}
            assert _notify(client, rest)[1].verdict == Verdict.FORGED, name
    assert count > 4 * len(notification)
    assert _notify(client, {**notification, "extra": "1"})[1].verdict == Verdict.FORGED
    assert _unpaid(order)
    assert _notify(client, notification)[0] == "success"
    assert Payment.objects.get().order == order


def test_a_signature_is_written_in_one_way_only(client, paid):
    order, notification = paid
    sign = notification["sign"]
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    spare = sign[:-3] + last[last.index(sign[-3]) ^ 1] + "=="  # the bits that fill up the last character
    for other in (
        f"{sign}!",
        f"{sign}\n",
        f" {sign}",
        sign[:8] + "\n" + sign[8:],
        f"{sign}AAAA",
        sign.rstrip("="),
        spare,
    ):
        assert _notify(client, {**notification, "sign": other})[1].verdict == Verdict.FORGED, other
    assert _unpaid(order)


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"app_id": "2021000000000000"}, Verdict.FOREIGN),
        ({"seller_id": "2088000000000000"}, Verdict.FOREIGN),
        ({"seller_id": ""}, Verdict.FOREIGN),
        ({"out_trade_no": "2026112000000000"}, Verdict.UNKNOWN),
        ({"out_trade_no": ""}, Verdict.MALFORMED),
        ({"trade_no": ""}, Verdict.MALFORMED),
        ({"trade_no": "1" * 65}, Verdict.MALFORMED),
        ({"trade_status": "TRADE_MAYBE"}, Verdict.MALFORMED),
        ({"total_amount": "25.001"}, Verdict.MALFORMED),
        ({"total_amount": "-25.00"}, Verdict.MALFORMED),
        ({"total_amount": "2.5e1"}, Verdict.MALFORMED),
        ({"total_amount": "２５.00"}, Verdict.MALFORMED),
        ({"total_amount": ""}, Verdict.MALFORMED),
        ({"gmt_payment": "yesterday"}, Verdict.MALFORMED),
        ({"trade_status": "WAIT_BUYER_PAY"}, Verdict.NOTED),
        ({"trade_status": "TRADE_CLOSED", "gmt_payment": ""}, Verdict.NOTED),
        ({"trade_status": "TRADE_CLOSED"}, Verdict.SETTLED),  # paid, and all of it sent back since
        ({"total_amount": "25"}, Verdict.SETTLED),
        ({"total_amount": "25.0", "trade_status": "TRADE_FINISHED"}, Verdict.SETTLED),
    ],
)
def test_a_signed_notification_is_read_with_care(client, paid, till, changed, verdict):
    order, notification = paid
    fields = {name: value for name, value in {**notification, **changed}.items() if name not in {"sign", "sign_type"}}
    said, stored = _notify(client, till.cashier.signed(fields))
    assert stored.verdict == verdict
    assert said == ("success" if verdict in {Verdict.NOTED, Verdict.SETTLED} else "failure")
    assert _unpaid(order) is (verdict != Verdict.SETTLED)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff",
        b"a",
        b"&&&",
        b"sign=%ff",
        "名=值".encode("gbk"),
        b"a=1&a=2",
        b"&".join([b"a%d=1" % n for n in range(200)]),
    ],
)
def test_what_is_no_notification_is_stored_and_refused(client, paid, content):
    said, stored = _notify(client, content)
    assert (said, Notification.objects.count()) == ("failure", 1)
    assert stored.verdict in {Verdict.MALFORMED, Verdict.FORGED}


def test_a_notification_of_any_size_is_answered(client, paid):
    assert client.post("/order/notify/", data=b"a=" + b"1" * 40_000, content_type=FORM).status_code == 400
    assert client.get("/order/notify/").status_code == 405
    assert not Notification.objects.exists()


def test_the_return_page_believes_nothing(client, paid, till):
    order, notification = paid
    client.force_login(order.user)
    forged = urlencode({"out_trade_no": order.number, "trade_status": "TRADE_SUCCESS", "total_amount": "25.00"})
    for query in (forged, urlencode(notification)):
        assert client.get(f"/order/return/?{query}").headers["Location"] == f"/order/{order.number}/"
    assert _unpaid(order)
    client.force_login(make_user())
    assert client.get(f"/order/return/?{forged}").headers["Location"] == "/user/userorder/1/"


@pytest.mark.parametrize(("phone", "method"), [(False, "alipay.trade.page.pay"), (True, "alipay.trade.wap.pay")])
def test_openssl_verifies_what_we_sign(keys, tmp_path, phone, method):
    url = gateway().pay_url(
        number="2026112012345678", amount=Decimal("0.10"), subject="会员 · 月卡 & more/=", expires_at=timezone.now(),
        return_url="https://a.example/r", notify_url="https://a.example/n", phone=phone,
    )  # fmt: skip
    params = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=True))
    assert params["method"] == method
    wanted = json.loads(params["biz_content"])
    assert wanted["total_amount"] == "0.10"
    assert wanted["subject"] == "会员 · 月卡   more"
    public = keys / "app_public.pem"
    assert _openssl_verifies(_joined(params, "sign"), params["sign"], public, tmp_path)
    assert not _openssl_verifies(_joined({**params, "app_id": "1"}, "sign"), params["sign"], public, tmp_path)


def test_we_verify_what_openssl_signs(client, paid, keys):
    _order, notification = paid
    rest = {name: value for name, value in notification.items() if name not in {"sign", "sign_type"}}
    foreign = {**rest, "sign_type": "RSA2", "sign": _openssl_sign(_joined(rest), keys / "app_private.pem")}
    assert _notify(client, foreign)[1].verdict == Verdict.FORGED  # another's key
    own = {**rest, "sign_type": "RSA2", "sign": _openssl_sign(_joined(rest), keys / "gateway_private.pem")}
    assert own["sign"] == notification["sign"]  # PKCS #1 v1.5 has one signature for a text
    assert _notify(client, own)[1].verdict == Verdict.SETTLED


def test_times_are_of_the_gateways_zone_wherever_the_machine_stands(keys, settings):
    for zone in ("America/New_York", "Asia/Tokyo"):
        settings.TIME_ZONE = zone
        at = datetime.fromisoformat("2026-11-20T16:30:00Z")
        url = gateway().pay_url(
            number="1", amount=Decimal(1), subject="x", expires_at=at, return_url="", notify_url="", phone=False
        )
        wanted = json.loads(dict(parse_qsl(urlsplit(url).query))["biz_content"])
        assert wanted["time_expire"] == "2026-11-21 00:30:00"
