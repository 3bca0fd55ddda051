"""The cashier's protocol: signed answers to the merchant's calls, signed notifications, daily bills."""

from __future__ import annotations

import base64
import csv
import io
import json
import logging
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import Certificate
from django.utils import timezone

from apps.orders.gateways.bill import COLUMNS, PAID, REFUNDED
from apps.orders.gateways.cashier.store import Fault, Store, StoredTrade
from apps.orders.gateways.certificates import public_pem, read_certificates, root_sn_of, sn_of
from apps.orders.gateways.protocol import format_time, parse_amount, signed_text

log = logging.getLogger(__name__)
RETRIES = [2, 5, 15, 60, 300, 900, 3600]  # seconds between deliveries until the merchant answers "success"
BUYER = "vis***@example.com"


class Cashier:
    """The cashier of the merchant `app_id` and `seller_id`."""

    def __init__(self, folder: Path, *, app_id: str, seller_id: str, url: str) -> None:
        self.store, self._folder = Store(folder), folder
        self.app_id, self.seller_id, self.url = app_id, seller_id, url

    # --- Signatures (with `cryptography`; the site uses PyCryptodome) --------------------------------
    # Keys are read every time, as both sides may change theirs while the cashier runs.

    def sign(self, text: str) -> str:
        """The RSA2 signature of a text, in base64."""
        own = _private((self._folder / "gateway_private.pem").read_bytes())
        return base64.b64encode(own.sign(text.encode(), PKCS1v15(), SHA256())).decode()

    @property
    def sn(self) -> str:
        """The serial number of the cashier's certificate."""
        return sn_of(self._certificates("gateway")[0])

    def _certificates(self, owner: str) -> list[Certificate]:
        return read_certificates((self._folder / f"{owner}.crt").read_text())

    def is_from_merchant(self, params: Mapping[str, str]) -> bool:
        """Whether the merchant signed the request: every parameter except `sign`, including two certificate numbers."""
        text = signed_text(params, without=frozenset({"sign"}))
        public = (self._folder / "app_public.pem").read_bytes()
        if "app_cert_sn" in params:
            app, roots = self._certificates("app")[0], self._certificates("root")
            if (params["app_cert_sn"], params.get("alipay_root_cert_sn")) != (sn_of(app), root_sn_of(roots)):
                return False
            public = public_pem(app).encode()
        merchant: Any = load_pem_public_key(public)
        try:
            merchant.verify(base64.b64decode(params.get("sign", "")), text.encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return params.get("app_id") == self.app_id

    # --- The merchant's calls -----------------------------------------------------------------

    def answer(self, params: Mapping[str, str]) -> str:
        """The signed JSON text that answers a call of the open platform."""
        method = params.get("method", "")
        handlers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "alipay.trade.query": self._query,
            "alipay.trade.close": self._close,
            "alipay.trade.refund": self._refund,
            "alipay.trade.fastpay.refund.query": self._refund_query,
            "alipay.data.dataservice.bill.downloadurl.query": self._bill_url,
            "alipay.open.app.alipaycert.download": self._certificate,
        }
        if not self.is_from_merchant(params):
            told = _failed("isv.invalid-signature", "验签出错", code="40002")
        elif method not in handlers:
            told = _failed("isv.invalid-method", "不存在的方法名", code="40002")
        else:
            try:
                query = json.loads(params.get("biz_content", "{}"))
                fault = self._fault(method, query)
                if fault is None or fault.done:
                    told = handlers[method](query)
                if fault and not fault.code:
                    return ""
                if fault:
                    told = _failed(fault.sub_code, "系统繁忙", code=fault.code)
            except (ValueError, TypeError):
                told = _failed("ACQ.INVALID_PARAMETER", "参数有误")
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        name = method.replace(".", "_") + "_response"
        certified = f'"alipay_cert_sn":"{self.sn}",' if "app_cert_sn" in params else ""
        return f'{{"{name}":{text},{certified}"sign":"{self.sign(text)}"}}'

    def _query(self, query: dict[str, Any]) -> dict[str, Any]:
        trade = self._find(query)
        if trade is None:
            return _failed("ACQ.TRADE_NOT_EXIST", "交易不存在")
        told = {
            "trade_no": trade.trade_no,
            "out_trade_no": trade.number,
            "trade_status": trade.status,
            "total_amount": trade.amount,
            "buyer_logon_id": BUYER,
        }
        return _passed(**told, **({"send_pay_date": trade.paid_at} if trade.paid_at else {}))

    def _close(self, query: dict[str, Any]) -> dict[str, Any]:
        trade = self._find(query)
        if trade is None:
            return _failed("ACQ.TRADE_NOT_EXIST", "交易不存在")
        if not self.store.close(trade.trade_no):
            return _failed("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        return _passed(trade_no=trade.trade_no, out_trade_no=trade.number)

    def _refund(self, query: dict[str, Any]) -> dict[str, Any]:
        trade = self._find(query)
        if trade is None:
            return _failed("ACQ.TRADE_NOT_EXIST", "交易不存在")
        request_no, amount = str(query.get("out_request_no", "")), parse_amount(str(query.get("refund_amount", "")))
        known = self.store.has_refund(trade.trade_no, request_no)
        if known is None and not self.store.refund(trade.trade_no, request_no, amount, at=timezone.now()):
            return _failed("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限")
        if known is not None and Decimal(known) != amount:
            return _failed("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "请求号已用于另一金额")
        return _passed(
            trade_no=trade.trade_no,
            out_trade_no=trade.number,
            fund_change="N" if known else "Y",
            refund_fee=f"{self.store.refunded(trade.trade_no):.2f}",
        )

    def _refund_query(self, query: dict[str, Any]) -> dict[str, Any]:
        trade = self._find(query)
        if trade is None:
            return _failed("ACQ.TRADE_NOT_EXIST", "交易不存在")
        amount = self.store.has_refund(trade.trade_no, str(query.get("out_request_no", "")))
        return _passed(**({"refund_status": "REFUND_SUCCESS", "refund_amount": amount} if amount else {}))

    def _bill_url(self, query: dict[str, Any]) -> dict[str, Any]:
        day = str(query.get("bill_date", ""))
        datetime.strptime(day, "%Y-%m-%d")  # noqa: DTZ007  (validates the format only)
        return _passed(bill_download_url=f"{self.url}/bill/{day}.csv")

    def _certificate(self, query: dict[str, Any]) -> dict[str, Any]:
        if query.get("alipay_cert_sn") != self.sn:
            return _failed("isv.invalid-alipay-cert-sn", "证书不存在")
        content = (self._folder / "gateway.crt").read_bytes()
        return _passed(alipay_cert_content=base64.b64encode(content).decode())

    def _fault(self, method: str, query: dict[str, Any]) -> Fault | None:
        trade = self._find(query)
        number = trade.number if trade else str(query.get("out_trade_no", ""))
        return self.store.next_fault(method, number)

    def _find(self, query: dict[str, Any]) -> StoredTrade | None:
        return self.store.find(number=str(query.get("out_trade_no", "")), trade_no=str(query.get("trade_no", "")))

    # --- Notifications ----------------------------------------------------------------------------

    def notification(self, trade: StoredTrade, *, at: datetime) -> dict[str, str]:
        """The parameters of an asynchronous notification, signed."""
        params = {
            "notify_time": format_time(at),
            "notify_type": "trade_status_sync",
            "notify_id": f"{trade.trade_no}{int(at.timestamp())}",
            "app_id": self.app_id,
            "auth_app_id": self.app_id,
            "seller_id": self.seller_id,
            "charset": "utf-8",
            "version": "1.0",
            "trade_no": trade.trade_no,
            "out_trade_no": trade.number,
            "trade_status": trade.status,
            "total_amount": trade.amount,
            "receipt_amount": trade.amount,
            "buyer_pay_amount": trade.amount,
            "subject": trade.subject,
            "buyer_logon_id": BUYER,
            "gmt_create": trade.created_at,
            **({"gmt_payment": trade.paid_at} if trade.paid_at else {}),
            **self._refunds(trade, at),
        }
        return self.signed(params, certified=bool(trade.certified))

    def _refunds(self, trade: StoredTrade, at: datetime) -> dict[str, str]:
        """The total refunds of the trade, as Alipay reports them in notifications."""
        back = self.store.refunded(trade.trade_no)
        return {"refund_fee": f"{back:.2f}", "gmt_refund": f"{format_time(at)}.000"} if back else {}

    def signed(self, params: Mapping[str, str], *, certified: bool = False) -> dict[str, str]:
        """Add `sign_type` and `sign`, and in certificate mode `alipay_cert_sn`; none of them is signed."""
        unsigned = {"sign", "sign_type", "alipay_cert_sn"}
        text = signed_text(params, without=frozenset(unsigned))
        named = {"alipay_cert_sn": self.sn} if certified else {}
        return {**params, **named, "sign_type": "RSA2", "sign": self.sign(text)}

    def signed_return_url(self, trade: StoredTrade, *, at: datetime) -> str:
        """The URL of the buyer's return to the merchant; its signed parameters don't include the payment's state."""
        params = {
            "out_trade_no": trade.number,
            "trade_no": trade.trade_no,
            "total_amount": trade.amount,
            "method": "alipay.trade.page.pay.return",
            "app_id": self.app_id,
            "seller_id": self.seller_id,
            "timestamp": format_time(at),
            "charset": "utf-8",
            "version": "1.0",
        }
        return f"{trade.return_url}?{urlencode(self.signed(params, certified=bool(trade.certified)))}"

    def run_deliveries(self, stopped: threading.Event) -> None:
        """Deliver notifications until stopped, retrying each until the merchant answers "success" or RETRIES end."""
        while not stopped.wait(0.2):
            self.deliver_due()

    def deliver_due(self) -> None:
        """Send every due notification once."""
        now = time.time()
        for delivery, trade_no, tries in self.store.due(now):
            trade = self.store.get(trade_no)
            if trade is None or self._send(trade) or tries >= len(RETRIES):
                self.store.delivered(delivery)
            else:
                self.store.postpone(delivery, now + RETRIES[tries])

    def _send(self, trade: StoredTrade) -> bool:
        body = urlencode(self.notification(trade, at=timezone.now())).encode()
        request = urllib.request.Request(  # noqa: S310  (the merchant's own address, out of a signed request)
            trade.notify_url, body, {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return bool(answer.read(20).strip() == b"success")
        except OSError as error:
            log.warning("Notification of %s: %s", trade.trade_no, error)
            return False

    # --- The bill ---------------------------------------------------------------------------------

    def bill(self, day: str) -> bytes:
        """The day's bill in Alipay's format: GBK, comment lines with #, a tab after each number."""
        paid, back = self.store.bill(day)
        out = io.StringIO()
        out.write(f"#支付宝业务明细查询\r\n#账号：[{self.seller_id}]\r\n#起始日期：[{day} 00:00:00]\r\n")
        out.write("#-----------------------------------------业务明细列表----------------------------------------\r\n")
        rows = csv.writer(out)
        rows.writerow(COLUMNS)
        for trade in paid:
            rows.writerow(_line(trade, PAID, trade["paid_at"], trade["amount"], ""))
        for trade in back:
            rows.writerow(_line(trade, REFUNDED, trade["done_at"], f"-{trade['back']}", trade["request_no"]))
        out.write("#-----------------------------------------业务明细列表结束------------------------------------\r\n")
        return out.getvalue().encode("gbk", "replace")


@lru_cache(maxsize=4)
def _private(content: bytes) -> Any:
    return load_pem_private_key(content, None)


def _line(trade: Mapping[str, Any], kind: str, done: str, amount: str, request_no: str) -> list[str]:
    told = {
        "支付宝交易号": f"{trade['trade_no']}\t", "商户订单号": f"{trade['number']}\t", "业务类型": kind,
        "商品名称": trade["subject"], "创建时间": trade["created_at"], "完成时间": done, "对方账户": BUYER,
        "订单金额（元）": amount, "商家实收（元）": amount,
        "退款批次号/请求号": f"{request_no}\t" if request_no else "",
    }  # fmt: skip
    return [told.get(name, "0.00" if name.endswith("（元）") else "") for name in COLUMNS]


def _passed(**told: Any) -> dict[str, Any]:
    return {"code": "10000", "msg": "Success", **told}


def _failed(sub_code: str, sub_msg: str, code: str = "40004") -> dict[str, Any]:
    return {"code": code, "msg": "Business Failed", "sub_code": sub_code, "sub_msg": sub_msg}
