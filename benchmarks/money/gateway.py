"""A second gateway of Alipay's protocol, written for trial only: its books say what really happened to the money.

It shares no code with the site or with the site's own cashier. A call can be answered by any code, carried out or not,
or not be answered at all.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import threading
import zipfile
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from benchmarks.money.faults import BILL, BILL_BREAKS_OFF, Fault

SHANGHAI = ZoneInfo("Asia/Shanghai")
APP, SELLER = "2021000000000042", "2088000000000042"
OTHER_APP = "2021000000000044"  # the same seller's; the site changes between the two
FOREIGN_APP, FOREIGN_SELLER = "2021000000000043", "2088000000000043"
BILLS = "/bill/"
HEAD = "支付宝交易号,商户订单号,业务类型,订单金额（元）,退款批次号/请求号,对方账户"


@dataclass
class Trade:
    """One trade as the gateway booked it; amounts in yuan, `refunds` by request number."""

    trade_no: str
    number: str
    amount: Decimal
    notify_url: str
    expires: str
    app: str
    strange: bool = False  # of an order that was sent through another application
    status: str = "WAIT_BUYER_PAY"
    paid_at: datetime | None = None
    refunds: dict[str, tuple[Decimal, datetime]] = field(default_factory=dict)

    @property
    def back(self) -> Decimal:
        """What went back of it, in all."""
        return sum((amount for amount, _ in self.refunds.values()), Decimal(0))


class Gateway:
    """Its books, and a server on loopback for the merchant's questions. `now` is its clock, moved by the trial."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.now, self.lock = now, threading.RLock()
        self.trades: dict[str, Trade] = {}
        self.faults: deque[Fault] = deque()
        self.injected: Counter[Fault] = Counter()
        self.heard: deque[dict[str, str]] = deque(maxlen=20)  # the requests, as they came
        self.charges = False  # for its service: a line of the bill that is no payment and no refund
        self.strayed: list[str] = []  # orders asked about through an application that they weren't sent through
        self.own, self.stranger, merchant = (_kept_key(whose) for whose in ("own", "stranger", "merchant"))
        self._merchant = merchant.public_key()
        folder.mkdir(parents=True, exist_ok=True)
        self.private_file, self.public_file = folder / "merchant.pem", folder / "gateway.pem"
        self.private_file.write_bytes(merchant.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.public_file.write_bytes(
            self.own.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self) -> None:
                self.wfile.write(gateway.reply(self.path))

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # --- What buyers and the console do -----------------------------------------------------------

    def open(self, pay_url: str) -> Trade:
        """A buyer follows the merchant's address."""
        params = dict(parse_qsl(urlsplit(pay_url).query, keep_blank_values=True, strict_parsing=True))
        assert self._is_signed(params), "The merchant's address isn't signed."
        assert params["app_id"] in {APP, OTHER_APP}
        asked = json.loads(params["biz_content"])
        with self.lock:
            for trade in self.trades.values():
                if trade.number == asked["out_trade_no"] and not trade.strange:
                    return trade
            return self._begin(
                asked["out_trade_no"],
                Decimal(asked["total_amount"]),
                params["notify_url"],
                asked["time_expire"],
                params["app_id"],
            )

    def pay(self, trade: Trade, *, amount: Decimal | None = None, forced: bool = False) -> bool:
        """The buyer pays; `forced` although the gateway shouldn't take it any more."""
        with self.lock:
            over = trade.expires <= _told(self.now)
            if trade.paid_at or (not forced and (trade.status != "WAIT_BUYER_PAY" or over)):
                return False
            trade.amount, trade.status, trade.paid_at = amount or trade.amount, "TRADE_SUCCESS", self.now
            return True

    def pay_again(self, trade: Trade) -> Trade:
        """The same order paid under another trade number."""
        with self.lock:
            again = self._begin(trade.number, trade.amount, trade.notify_url, trade.expires, trade.app)
            again.status, again.paid_at, again.strange = "TRADE_SUCCESS", self.now, trade.strange
            return again

    def pay_strangely(self, number: str, amount: Decimal, app: str) -> Trade:
        """An order's number paid through another application."""
        with self.lock:
            trade = self._begin(number, amount, "", "", app)
            trade.status, trade.paid_at, trade.strange = "TRADE_SUCCESS", self.now, True
            return trade

    def send_back(self, trade: Trade, request_no: str, amount: Decimal) -> bool:
        """A refund, whether the merchant or the console asked for it."""
        with self.lock:
            if trade.status not in {"TRADE_SUCCESS"} or trade.back + amount > trade.amount:
                return False
            trade.refunds[request_no] = (amount, self.now)
            if trade.back == trade.amount:
                trade.status = "TRADE_CLOSED"
            return True

    def finish(self, trade: Trade) -> None:
        """Three months later: nothing goes back any more."""
        with self.lock:
            if trade.status == "TRADE_SUCCESS":
                trade.status = "TRADE_FINISHED"

    def expire(self) -> None:
        """Unpaid trades whose time is over close."""
        with self.lock:
            for trade in self.trades.values():
                if trade.status == "WAIT_BUYER_PAY" and trade.expires <= _told(self.now):
                    trade.status = "TRADE_CLOSED"

    def _begin(self, number: str, amount: Decimal, notify_url: str, expires: str, app: str) -> Trade:
        trade_no = f"{self.now:%Y%m%d}2200{len(self.trades):016d}"
        self.trades[trade_no] = trade = Trade(trade_no, number, amount, notify_url, expires, app)
        return trade

    # --- What it tells --------------------------------------------------------------------------------

    def notification(self, trade: Trade, *, key: RSAPrivateKey | None = None, **changed: str) -> bytes:
        """The body of a notification as the trade stands now; `changed` is signed with it."""
        with self.lock:
            params = {
                "notify_time": _told(self.now), "notify_type": "trade_status_sync", "notify_id": trade.trade_no,
                "app_id": trade.app, "seller_id": SELLER, "charset": "utf-8", "version": "1.0", "subject": "x",
                "trade_no": trade.trade_no, "out_trade_no": trade.number, "trade_status": trade.status,
                "total_amount": f"{trade.amount:.2f}", "buyer_logon_id": "a***@example.com",
                **({"gmt_payment": _told(trade.paid_at)} if trade.paid_at else {}),
                **({"refund_fee": f"{trade.back:.2f}", "gmt_refund": f"{_told(self._last(trade))}.000"}
                   if trade.refunds else {}),
                **changed,
            }  # fmt: skip
        text = "&".join(f"{name}={params[name]}" for name in sorted(params))
        return urlencode({**params, "sign_type": "RSA2", "sign": _sign(key or self.own, text)}).encode()

    def _last(self, trade: Trade) -> datetime:
        return max(at for _, at in trade.refunds.values())

    def bill(self, day: str) -> bytes:
        """The movements of a day, YYYY-MM-DD on the gateway's clock, in one of the shapes that bills come in."""
        out = io.StringIO()
        rows = csv.writer(out)
        if shape_of(day) != "bare":
            out.write(f"#支付宝业务明细查询\r\n#起始日期：[{day} 00:00:00]\r\n")
        rows.writerow(HEAD.split(","))
        with self.lock:
            for trade in self.trades.values():
                if trade.paid_at and _told(trade.paid_at)[:10] == day:
                    rows.writerow([f"{trade.trade_no}\t", trade.number, "交易", f"{trade.amount:.2f}", "", ""])
                for request_no, (amount, at) in trade.refunds.items():
                    if _told(at)[:10] == day:
                        rows.writerow([trade.trade_no, trade.number, "退款", f"-{amount:.2f}", f"{request_no}\t", ""])
        if self.charges and has_strange_line(day):
            rows.writerow(["", "", "技术服务费", "-0.15", "", "支付宝"])
        text = out.getvalue()
        if shape_of(day) == "utf-8":
            return text.encode("utf-8-sig")
        if shape_of(day) != "zip":
            return text.encode("gbk")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as files:
            files.writestr(f"{SELLER}_{day}_业务明细.csv", text.encode("gbk"))
            files.writestr(f"{SELLER}_{day}_业务明细(汇总).csv", "#合计".encode("gbk"))
        return packed.getvalue()

    # --- What it answers ------------------------------------------------------------------------------

    def reply(self, path: str) -> bytes:
        """The raw response to one request, its head included; empty where the connection is to be dropped."""
        content = self.serve(path)
        if not content:
            return b""
        head = f"HTTP/1.0 200 OK\r\nContent-Length: {len(content)}\r\n\r\n".encode()
        return head + (content[: len(content) // 2] if self._breaks_off(path) else content)

    def serve(self, path: str) -> bytes:
        """The answer to one request; empty for none."""
        address = urlsplit(path)
        if address.path.startswith(BILLS):
            return self.bill(address.path.removeprefix(BILLS))
        params = dict(parse_qsl(address.query, keep_blank_values=True))
        self.heard.append(params)
        method = params.get("method", "")
        with self.lock:
            fault = next((one for one in self.faults if one.method in {method, "any"}), None)
            if fault:
                self.faults.remove(fault)
                self.injected[fault] += 1
            if not self._is_signed(params) or params.get("app_id") not in {APP, OTHER_APP}:
                told = _no("isv.invalid-signature", "40002")
            elif fault is None or fault.done:
                told = self._answer(method, json.loads(params["biz_content"]), params["app_id"])
            if fault and not fault.code:
                return b""
            if fault and fault.code not in {"forged", "half"}:
                told = _no(fault.sub_code, fault.code)
            elif fault and not fault.done:
                told = {"code": "10000", "msg": "Success", "trade_status": "TRADE_SUCCESS", "fund_change": "Y"}
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        key = self.stranger if fault and fault.code == "forged" else self.own
        whole = f'{{"{method.replace(".", "_")}_response":{text},"sign":"{_sign(key, text)}"}}'.encode()
        return whole[: len(whole) // 2] if fault and fault.code == "half" else whole

    def _breaks_off(self, path: str) -> bool:
        """Whether the connection ends in the middle of what is asked for: a bill, next time."""
        with self.lock:
            if not path.startswith(BILLS) or BILL_BREAKS_OFF not in self.faults:
                return False
            self.faults.remove(BILL_BREAKS_OFF)
            self.injected[BILL_BREAKS_OFF] += 1
            return True

    def _answer(self, method: str, asked: Mapping[str, str], app: str) -> dict[str, str]:
        if method == BILL:
            return {"code": "10000", "msg": "Success", "bill_download_url": f"{self.url}{BILLS}{asked['bill_date']}"}
        trade = self._find(asked, app)
        if trade is None:
            return _no("ACQ.TRADE_NOT_EXIST")
        told = {"code": "10000", "msg": "Success", "trade_no": trade.trade_no, "out_trade_no": trade.number}
        if method == "alipay.trade.query":
            paid = {"send_pay_date": _told(trade.paid_at)} if trade.paid_at else {}
            return {**told, "trade_status": trade.status, "total_amount": f"{trade.amount:.2f}", **paid}
        if method == "alipay.trade.close":
            if trade.status != "WAIT_BUYER_PAY":
                return _no("ACQ.REASON_TRADE_STATUS_INVALID")
            trade.status = "TRADE_CLOSED"
            return told
        if method == "alipay.trade.refund":
            return self._refund(trade, asked, told)
        assert method == "alipay.trade.fastpay.refund.query", method
        known = trade.refunds.get(asked["out_request_no"])
        return {**told, "refund_status": "REFUND_SUCCESS", "refund_amount": f"{known[0]:.2f}"} if known else told

    def _refund(self, trade: Trade, asked: Mapping[str, str], told: dict[str, str]) -> dict[str, str]:
        amount, request_no = Decimal(asked["refund_amount"]), asked["out_request_no"]
        known = trade.refunds.get(request_no)
        if known and known[0] != amount:
            return _no("ACQ.DISCORDANT_REPEAT_REQUEST")
        if not known and not self.send_back(trade, request_no, amount):
            refused = {"TRADE_FINISHED": "ACQ.TRADE_HAS_FINISHED", "TRADE_CLOSED": "ACQ.TRADE_HAS_CLOSE"}
            return _no(refused.get(trade.status, "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"))
        return {**told, "fund_change": "N" if known else "Y", "refund_fee": f"{trade.back:.2f}"}

    def _find(self, asked: Mapping[str, str], app: str) -> Trade | None:
        """A trade of that application's; none of another's."""
        if trade_no := asked.get("trade_no"):
            trade = self.trades.get(trade_no)
            return trade if trade and trade.app == app else None
        of_order = [trade for trade in self.trades.values() if trade.number == asked.get("out_trade_no")]
        sent = [trade for trade in of_order if not trade.strange]
        if sent and all(trade.app != app for trade in sent):
            self.strayed.append(sent[0].number)
        mine = [trade for trade in of_order if trade.app == app]
        return min(mine, key=lambda trade: trade.paid_at is None, default=None)

    def _is_signed(self, params: Mapping[str, str]) -> bool:
        text = "&".join(f"{name}={params[name]}" for name in sorted(params) if name != "sign")
        try:
            self._merchant.verify(base64.b64decode(params.get("sign", "")), text.encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True


def shape_of(day: str) -> str:
    """How the bill of a day is written."""
    return ["gbk", "zip", "utf-8", "bare"][int(day[-2:]) % 4]


def has_strange_line(day: str) -> bool:
    """Whether the bill of a day has a line that is no payment and no refund."""
    return int(day[-2:]) % 3 == 0


@cache
def _kept_key(_whose: str) -> RSAPrivateKey:
    """One for each in a process: they take long to make."""
    return _key()


def _key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def _sign(key: RSAPrivateKey, text: str) -> str:
    return base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode()


def _told(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _no(sub_code: str, code: str = "40004") -> dict[str, str]:
    return {"code": code, "msg": "Business Failed", "sub_code": sub_code, "sub_msg": "-"}
