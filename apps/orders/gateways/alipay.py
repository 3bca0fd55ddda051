"""Alipay through python-alipay-sdk. The local cashier implements the same protocol."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from alipay.exceptions import AliPayException, AliPayValidationError

from apps.orders.gateways.answers import REFUSES_REFUND, expect_success, is_success, says_no_bill, says_not_there
from apps.orders.gateways.bill import LARGEST
from apps.orders.gateways.protocol import (
    GatewaySilent,
    GatewayUnclear,
    Trade,
    TradeStatus,
    format_time,
    parse_amount,
    parse_time,
)
from apps.orders.gateways.sdk import Sdk
from utils.fetching import TooLarge, fetch

TIMEOUT = 8.0  # seconds for one answer
BILL_TIMEOUT = 120.0  # seconds for the bill of a day
TRIES = 3
PAUSE = 0.25  # seconds before the second try, twice as long before the third
NO_ANSWER = (OSError, http.client.HTTPException, ValueError, AttributeError, KeyError)

_REFUSED = str.maketrans(dict.fromkeys('/=&{}\\"\x00\r\n', " "))


class AlipayGateway:
    """One application of one seller at one address."""

    def __init__(
        self, *, name: str, url: str, app_id: str, seller_id: str, sdk: Sdk, certified_until: datetime | None = None
    ) -> None:
        self.name, self.url, self.app_id, self.seller_id, self.sdk = name, url, app_id, seller_id, sdk
        self.certified_until = certified_until  # expiry of the application's certificate

    # --- Pay --------------------------------------------------------------------------------------

    def pay_url(
        self,
        *,
        number: str,
        amount: Decimal,
        subject: str,
        expires_at: datetime,
        return_url: str,
        notify_url: str,
        phone: bool,
        quit_url: str = "",
    ) -> str:
        """The payment URL: Alipay's page on a desktop, its WAP page on a phone, whose back button leads to quit_url.

        The product codes are those of "alipay.trade.page.pay" and "alipay.trade.wap.pay".
        """
        pay = self.sdk.api_alipay_trade_wap_pay if phone else self.sdk.api_alipay_trade_page_pay
        product = {"product_code": "QUICK_WAP_WAY", "quit_url": quit_url or return_url} if phone else {}
        query = pay(
            **product,
            subject=_plain(subject),
            out_trade_no=number,
            total_amount=f"{amount:.2f}",
            return_url=return_url,
            notify_url=notify_url,
            time_expire=format_time(expires_at),
        )
        return f"{self.url}?{query}"

    # --- Query ------------------------------------------------------------------------------------

    def query(self, *, number: str, trade_no: str = "", tries: int = TRIES) -> Trade | None:
        """The order's trade; None if the buyer never opened the gateway's page. Raises GatewayUnclear.

        `trade_no` selects one of several trades of an order.
        """
        identity = {"trade_no": trade_no} if trade_no else {"out_trade_no": number}
        answer = self._call(lambda: self.sdk.api_alipay_trade_query(**identity), tries)
        if says_not_there(answer):
            return None
        expect_success(answer)
        if answer.get("out_trade_no") != number or (trade_no and answer.get("trade_no") != trade_no):
            raise GatewayUnclear("The gateway answered about another order.")
        try:
            return self._trade(answer, paid="send_pay_date", buyer="buyer_logon_id")
        except ValueError as error:
            raise GatewayUnclear(f"The gateway's answer can't be read: {error}") from error

    def close(self, *, number: str, tries: int = TRIES) -> bool:
        """Close an unpaid trade: True if it can no longer be paid, False if it was paid in the meantime.

        A trade that the gateway doesn't know yet can't be closed there; its URL expires with the order (`time_expire`),
        and a payment that still arrives is kept and flagged. If the close is refused, the trade is queried.
        Raises GatewayUnclear.
        """
        answer = self._call(lambda: self.sdk.api_alipay_trade_close(out_trade_no=number), tries)
        if is_success(answer) and answer.get("out_trade_no", number) == number:
            return True
        trade = self.query(number=number, tries=tries)
        if trade is not None and trade.status == TradeStatus.WAITING:
            expect_success(answer)
            raise GatewayUnclear("The gateway closed another order.")
        return trade is None or not trade.was_paid

    # --- Refund -----------------------------------------------------------------------------------

    def refund(self, *, trade_no: str, request_no: str, amount: Decimal, reason: str, tries: int = TRIES) -> None:
        """Refund an amount; idempotent by `request_no`. Raises GatewayRefused and GatewayUnclear.

        Only permanent rejections (REFUSES_REFUND) raise GatewayRefused.
        """
        answer = self._call(
            lambda: self.sdk.api_alipay_trade_refund(
                refund_amount=f"{amount:.2f}",
                trade_no=trade_no,
                out_request_no=request_no,
                refund_reason=_plain(reason),
            ),
            tries,
        )
        expect_success(answer, refusals=REFUSES_REFUND)
        # "fund_change: N" means that this call moved no money: the refund was made before, or is in progress.
        if answer.get("fund_change") == "Y":
            return
        if not self.was_refunded(trade_no=trade_no, request_no=request_no, amount=amount, tries=tries):
            raise GatewayUnclear("The gateway accepted the refund, but has not completed it yet.")

    def was_refunded(self, *, trade_no: str, request_no: str, amount: Decimal, tries: int = TRIES) -> bool:
        """Whether that refund was made. Raises GatewayUnclear, also if the amount differs."""
        answer = self._call(
            lambda: self.sdk.api_alipay_trade_fastpay_refund_query(out_request_no=request_no, trade_no=trade_no), tries
        )
        if says_not_there(answer):
            return False
        expect_success(answer)
        if answer.get("refund_status") != "REFUND_SUCCESS":
            return False
        if (amount_text := str(answer.get("refund_amount", amount))) != f"{amount:.2f}" and Decimal(
            amount_text
        ) != amount:
            raise GatewayUnclear(f"The gateway refunded ¥{amount_text} under {request_no}, not ¥{amount}.")
        return True

    # --- The day's bill ---------------------------------------------------------------------------

    def bill(self, *, day: date) -> bytes:
        """The bill of a past day by the gateway's clock; empty if it made none because nothing moved.

        Raises GatewayRefused and GatewayUnclear.
        """
        wanted = {"bill_type": "trade", "bill_date": f"{day:%Y-%m-%d}"}
        answer = self._call(lambda: self.sdk.server_api("alipay.data.dataservice.bill.downloadurl.query", wanted))
        if says_no_bill(answer):
            return b""
        expect_success(answer)
        address = str(answer.get("bill_download_url", ""))
        if urlsplit(address).scheme not in {"https", urlsplit(self.url).scheme}:
            raise GatewayUnclear("The gateway gave no URL for the bill.")
        try:
            return fetch(address, seconds=BILL_TIMEOUT, largest=LARGEST)
        except (OSError, http.client.HTTPException, TooLarge) as error:
            raise GatewayUnclear(f"{address}: {error}") from error

    # --- Notifications -----------------------------------------------------------------------------------

    def is_signed(self, params: Mapping[str, str]) -> bool:
        """Whether the gateway signed the notification."""
        return self.sdk.is_notification(params)

    def needs_certificate(self, params: Mapping[str, str]) -> str:
        """The serial number of a certificate that the notification names and we lack, or empty."""
        sn = params.get("alipay_cert_sn", "")
        return sn if self.sdk.lacks(sn) else ""

    def fetch_certificate(self, sn: str) -> None:
        """Download Alipay's certificate of that serial number. Raises GatewayUnclear."""
        try:
            self.sdk.fetch_certificate(sn)
        except (*NO_ANSWER, AliPayValidationError, AliPayException) as error:
            raise GatewayUnclear(str(error)) from error

    def is_ours(self, params: Mapping[str, str]) -> bool:
        """Whether a signed notification is for this application and seller: the signature alone doesn't prove that."""
        return params.get("app_id") == self.app_id and params.get("seller_id") == self.seller_id

    def read_notification(self, params: Mapping[str, str]) -> Trade:
        """The trade in a notification that is_signed and is_ours. Raises ValueError if it is malformed."""
        return self._trade(params, paid="gmt_payment", buyer="buyer_logon_id")

    # --- Internals -----------------------------------------------------------------------------------

    def _trade(self, fields: Mapping[str, Any], *, paid: str, buyer: str) -> Trade:
        number, trade_no = str(fields.get("out_trade_no", "")), str(fields.get("trade_no", ""))
        if not number or not trade_no or len(trade_no) > 64:
            raise ValueError("The trade has no numbers.")
        status, amount = TradeStatus(fields.get("trade_status", "")), parse_amount(str(fields.get("total_amount", "")))
        paid_at = parse_time(str(fields.get(paid) or ""))
        refunded = parse_amount(str(fields.get("refund_fee") or "0"))
        if status == TradeStatus.CLOSED and paid_at:
            refunded = amount  # a paid trade closes only once fully refunded; queries report no amount
        return Trade(
            gateway=self.name,
            app_id=self.app_id,
            number=number,
            trade_no=trade_no,
            status=status,
            amount=amount,
            refunded=refunded,
            refunded_at=parse_time(str(fields.get("gmt_refund") or "")[:19]),  # has a fractional part
            paid_at=paid_at,
            buyer=str(fields.get(buyer, ""))[:100],
        )

    def _call(self, call: Callable[[], Any], tries: int = TRIES) -> Mapping[str, Any]:
        """The gateway's verified answer. Raises GatewaySilent after `tries` attempts without one."""
        problem: Exception = ValueError("no answer")
        for attempt in range(tries):
            if attempt:
                time.sleep(PAUSE * attempt)
            try:
                answer = call()
            except NO_ANSWER as error:
                problem = error  # no answer, or a malformed one
                continue
            except (AliPayValidationError, AliPayException) as error:
                problem = error  # not signed by the gateway
                break
            if isinstance(answer, dict):
                return answer
            problem = ValueError("not an answer")
        raise GatewaySilent(f"{self.url}: {problem}") from problem


def _plain(text: str) -> str:
    """A subject without the characters that Alipay rejects (/ = &) and without braces, which the SDK counts."""
    return text.translate(_REFUSED)[:128].strip()
