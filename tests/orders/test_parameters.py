"""The table of parameters in docs/payments.md, held against what goes over the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.utils import timezone

from apps.orders.gateways import GatewayRefused, GatewayUnclear, gateway
from apps.orders.gateways.protocol import parse_time
from benchmarks.money.gateway import APP, Gateway
from benchmarks.money.world import use_application
from tests.conftest import ROOT

DOCS = (ROOT / "docs" / "payments.md").read_text()
CALLS = {
    "page pay": "alipay.trade.page.pay",
    "WAP pay": "alipay.trade.wap.pay",
    "query": "alipay.trade.query",
    "close": "alipay.trade.close",
    "refund": "alipay.trade.refund",
    "refund query": "alipay.trade.fastpay.refund.query",
    "bill": "alipay.data.dataservice.bill.downloadurl.query",
    "certificate": "alipay.open.app.alipaycert.download",
}
COMMON = {
    "app_id", "method", "charset", "sign_type", "sign", "timestamp", "version", "biz_content", "return_url",
    "notify_url", "app_cert_sn", "alipay_root_cert_sn", "format", "app_auth_token",
}  # fmt: skip
LONG = '《影片：A/B=C&D{E}"F\\G》' * 20  # what a subject and a reason may not be


@dataclass(frozen=True)
class Row:
    """One parameter of one call, as the table has it."""

    name: str
    obligation: str
    kind: str
    limit: int
    sent: bool


def _rows(head: str) -> list[list[str]]:
    """The cells of the rows of a table that begins with `head`."""
    lines = DOCS[DOCS.index(head) :].splitlines()[2:]
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def _kind(text: str) -> tuple[str, int]:
    kind, limit = re.fullmatch(r"(\w+)(?:\((\d+)\))?", text).groups()
    return kind, int(limit or 0)


def _table() -> dict[str, dict[str, Row]]:
    """The rows of each call."""
    found: dict[str, dict[str, Row]] = {call: {} for call in CALLS}
    for calls, names, obligation, kind, sends in _rows("| call | parameter | obligation"):
        for call in CALLS if calls == "all" else calls.split(", "):
            for name in re.findall(r"`(\w+)`", names):
                found[call][name] = Row(name, obligation, *_kind(kind), sent=not sends.startswith("–"))
    return found


TABLE = _table()


@pytest.fixture
def heard(settings, tmp_path, db) -> Iterator[Gateway]:
    """A gateway that keeps what it hears."""
    settings.PAYMENT_GATEWAY = "alipay"
    for name in [name for name in dir(settings) if name.startswith("ALIPAY_")]:
        setattr(settings, name, getattr(settings, name))  # put back afterwards
    listening = Gateway(tmp_path / "gateway", timezone.now())
    use_application(listening, APP)
    yield listening
    listening.stop()


def _pay(*, phone: bool) -> str:
    return gateway().pay_url(
        number="202611271234567890123456", amount=Decimal("25.00"), subject=LONG, phone=phone,
        expires_at=timezone.now() + timedelta(minutes=30), return_url="https://site.example/order/return/",
        quit_url="https://site.example/order/202611271234567890123456/", notify_url="https://site.example/order/notify/",
    )  # fmt: skip


MAKE: dict[str, Callable[[], Any]] = {
    "page pay": lambda: _pay(phone=False),
    "WAP pay": lambda: _pay(phone=True),
    "query": lambda: gateway().query(number="1", tries=1),
    "close": lambda: gateway().close(number="1", tries=1),
    "refund": lambda: gateway().refund(
        trade_no="2", request_no="R202611271234567890123456", amount=Decimal("0.01"), reason=LONG, tries=1
    ),
    "refund query": lambda: gateway().was_refunded(trade_no="2", request_no="R1", amount=Decimal(1), tries=1),
    "bill": lambda: gateway().bill(day=date(2026, 11, 20)),
    "certificate": lambda: gateway().fetch_certificate("0" * 32),
}


def _wire(call: str, heard: Gateway) -> tuple[dict[str, str], dict[str, Any]]:
    """The parameters of a request, and those within `biz_content`."""
    try:
        made = MAKE[call]()
    except (GatewayUnclear, GatewayRefused):
        made = None
    if call.endswith("pay"):
        params = dict(parse_qsl(urlsplit(made).query, keep_blank_values=True, strict_parsing=True))
    else:
        params = next(one for one in heard.heard if one["method"] == CALLS[call])
    return params, json.loads(params["biz_content"])


def _check(row: Row, value: Any) -> None:
    assert value not in ("", None), row
    if row.kind == "json":
        json.loads(value) if isinstance(value, str) else value
        return
    assert isinstance(value, str), row
    if row.limit:
        assert len(value) <= row.limit, row
    if row.kind == "price":
        assert re.fullmatch(r"\d{1,9}\.\d\d", value), row
        assert Decimal("0.01") <= Decimal(value) <= 100_000_000, row
    elif row.kind == "time":
        assert parse_time(value), row
    elif row.kind == "url":
        assert urlsplit(value).scheme in {"http", "https"}, row
    elif row.kind == "subject":
        assert not set(value) & set('/=&{}"\\'), row
    elif row.name in {"out_trade_no", "trade_no", "out_request_no"}:
        assert re.fullmatch(r"\w+", value, re.ASCII), row


@pytest.mark.parametrize("call", CALLS)
def test_the_wire_carries_what_the_table_says(heard, call):
    """Nothing that it doesn't name, all that it says is sent or required, and each within its limits."""
    params, content = _wire(call, heard)
    assert params["method"] == CALLS[call]
    rows = TABLE[call]
    told = {**{name: value for name, value in params.items() if name in COMMON}, **content}
    assert set(params) <= COMMON
    assert set(told) <= {name for name, row in rows.items() if row.sent}, "not in the table, or said not to be sent"
    for name, row in rows.items():
        if row.obligation == "required":
            assert name in told, row
        if name in told:
            _check(row, told[name])
    if any(row.obligation == "choice" for row in rows.values()):
        assert any(row.obligation == "choice" and name in told for name, row in rows.items())


def test_the_table_says_what_is_sent_and_no_more(heard):
    """Whatever it says is sent was seen on the wire at least once, but for what only certificate mode has."""
    for call, rows in TABLE.items():
        params, content = _wire(call, heard)
        said = {name for name, row in rows.items() if row.sent and row.obligation != "certificates"}
        if call == "query":
            said.remove("trade_no")  # instead of the other
        assert said == {*params, *content}, call


def test_certificate_mode_adds_two_numbers(settings):
    rows = {name for name, row in TABLE["query"].items() if row.obligation == "certificates"}
    assert rows == {"app_cert_sn", "alipay_root_cert_sn"}


def test_values_that_the_protocol_fixes(heard):
    assert _wire("page pay", heard)[1]["product_code"] == "FAST_INSTANT_TRADE_PAY"
    assert _wire("WAP pay", heard)[1]["product_code"] == "QUICK_WAP_WAY"
    bill = _wire("bill", heard)[1]
    assert bill == {"bill_type": "trade", "bill_date": "2026-11-20"}
    params, _ = _wire("query", heard)
    assert (params["charset"], params["sign_type"], params["version"]) == ("utf-8", "RSA2", "1.0")


def test_a_trade_of_the_bill_is_asked_about_by_its_own_number(heard):
    gateway().query(number="1", trade_no="2", tries=1)
    assert json.loads(heard.heard[-1]["biz_content"]) == {"trade_no": "2"}


def test_a_notification_has_documented_fields_only(till):
    known = {name for names, _kind, _we in _rows("| notification |") for name in re.findall(r"`(\w+)`", names)}
    trade = till.cashier.store.begin(
        number="N1", subject="x", amount="1.00", notify_url="", return_url="", expires_at=None, at=timezone.now()
    )
    till.cashier.store.pay(trade.trade_no, at=timezone.now())
    till.cashier.store.refund(trade.trade_no, f"r{trade.trade_no}", Decimal("0.50"), at=timezone.now())
    told = till.notification(till.cashier.store.get(trade.trade_no))
    assert set(told) <= known
    kinds = {
        name: _kind(kind) for names, kind, _we in _rows("| notification |") for name in re.findall(r"`(\w+)`", names)
    }
    for name, value in told.items():
        kind, limit = kinds[name]
        if name != "gmt_refund":  # which Alipay tells with a fraction of a second
            _check(Row(name, "", kind, limit, sent=True), value)
