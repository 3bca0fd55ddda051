"""Alipay through python-alipay-sdk. The local cashier speaks the same protocol at another address with other keys."""

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
        self.certified_until = certified_until  # the end of the application's certificate

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
        """Where the buyer pays: Alipay's page on a desktop, its WAP page on a phone, which a buyer leaves to quit_url.

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

    # --- Ask --------------------------------------------------------------------------------------

    def query(self, *, number: str, trade_no: str = "", tries: int = TRIES) -> Trade | None:
        """How the order's trade stands; None where the buyer never opened the gateway's page. Raises GatewayUnclear.

        Of several trades of one order, `trade_no` says which.
        """
        asked = {"trade_no": trade_no} if trade_no else {"out_trade_no": number}
        answer = self._ask(lambda: self.sdk.api_alipay_trade_query(**asked), tries)
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
        """Close an unpaid trade: True when nobody can pay it any more, False when it was paid in the meantime.

        A trade that the gateway doesn't know yet can't be closed there; its address expires with the order
        (`time_expire`), and a payment that arrives all the same is kept and flagged. Whatever a close is refused with,
        the trade itself says how it stands. Raises GatewayUnclear.
        """
        answer = self._ask(lambda: self.sdk.api_alipay_trade_close(out_trade_no=number), tries)
        if is_success(answer) and answer.get("out_trade_no", number) == number:
            return True
        trade = self.query(number=number, tries=tries)
        if trade is not None and trade.status == TradeStatus.WAITING:
            expect_success(answer)
            raise GatewayUnclear("The gateway closed another order.")
        return trade is None or not trade.was_paid

    # --- Refund -----------------------------------------------------------------------------------

    def refund(self, *, trade_no: str, request_no: str, amount: Decimal, reason: str, tries: int = TRIES) -> None:
        """Send money back, once per `request_no` however often it is asked. Raises GatewayRefused, GatewayUnclear.

        It is refused only with what will be said again for ever (REFUSES_REFUND).
        """
        answer = self._ask(
            lambda: self.sdk.api_alipay_trade_refund(
                refund_amount=f"{amount:.2f}",
                trade_no=trade_no,
                out_request_no=request_no,
                refund_reason=_plain(reason),
            ),
            tries,
        )
        expect_success(answer, refusals=REFUSES_REFUND)
        # "fund_change: N" means that this very call moved nothing: either it was done before, or it is still going on.
        if answer.get("fund_change") == "Y":
            return
        if not self.was_refunded(trade_no=trade_no, request_no=request_no, amount=amount, tries=tries):
            raise GatewayUnclear("The gateway took the refund, but has not carried it out yet.")

    def was_refunded(self, *, trade_no: str, request_no: str, amount: Decimal, tries: int = TRIES) -> bool:
        """Whether that refund was carried out. Raises GatewayUnclear, for one of another amount as well."""
        answer = self._ask(
            lambda: self.sdk.api_alipay_trade_fastpay_refund_query(out_request_no=request_no, trade_no=trade_no), tries
        )
        if says_not_there(answer):
            return False
        expect_success(answer)
        if answer.get("refund_status") != "REFUND_SUCCESS":
            return False
        if (told := str(answer.get("refund_amount", amount))) != f"{amount:.2f}" and Decimal(told) != amount:
            raise GatewayUnclear(f"The gateway sent ¥{told} back under {request_no}, not ¥{amount}.")
        return True

    # --- The day's bill ---------------------------------------------------------------------------

    def bill(self, *, day: date) -> bytes:
        """The bill of a day that is over, by the gateway's clock; empty where it made none, since nothing moved.

        Raises GatewayRefused and GatewayUnclear.
        """
        wanted = {"bill_type": "trade", "bill_date": f"{day:%Y-%m-%d}"}
        answer = self._ask(lambda: self.sdk.server_api("alipay.data.dataservice.bill.downloadurl.query", wanted))
        if says_no_bill(answer):
            return b""
        expect_success(answer)
        address = str(answer.get("bill_download_url", ""))
        if urlsplit(address).scheme not in {"https", urlsplit(self.url).scheme}:
            raise GatewayUnclear("The gateway gave no address of the bill.")
        try:
            return fetch(address, seconds=BILL_TIMEOUT, largest=LARGEST)
        except (OSError, http.client.HTTPException, TooLarge) as error:
            raise GatewayUnclear(f"{address}: {error}") from error

    # --- Listen -----------------------------------------------------------------------------------

    def is_signed(self, params: Mapping[str, str]) -> bool:
        """Whether the gateway signed a notification of these parameters."""
        return self.sdk.is_notification(params)

    def needs_certificate(self, params: Mapping[str, str]) -> str:
        """The number of Alipay's certificate that the notification names and we don't have; empty for none."""
        sn = params.get("alipay_cert_sn", "")
        return sn if self.sdk.lacks(sn) else ""

    def fetch_certificate(self, sn: str) -> None:
        """Get Alipay's certificate of that number. Raises GatewayUnclear."""
        try:
            self.sdk.fetch_certificate(sn)
        except (*NO_ANSWER, AliPayValidationError, AliPayException) as error:
            raise GatewayUnclear(str(error)) from error

    def is_ours(self, params: Mapping[str, str]) -> bool:
        """Whether a signed notification is for this application and seller: the signature alone doesn't say so."""
        return params.get("app_id") == self.app_id and params.get("seller_id") == self.seller_id

    def read_notification(self, params: Mapping[str, str]) -> Trade:
        """What a notification that is_signed and is_ours says. Raises ValueError for what can't be read."""
        return self._trade(params, paid="gmt_payment", buyer="buyer_logon_id")

    # --- Within -----------------------------------------------------------------------------------

    def _trade(self, told: Mapping[str, Any], *, paid: str, buyer: str) -> Trade:
        number, trade_no = str(told.get("out_trade_no", "")), str(told.get("trade_no", ""))
        if not number or not trade_no or len(trade_no) > 64:
            raise ValueError("The trade has no numbers.")
        status, amount = TradeStatus(told.get("trade_status", "")), parse_amount(str(told.get("total_amount", "")))
        paid_at = parse_time(str(told.get(paid) or ""))
        refunded = parse_amount(str(told.get("refund_fee") or "0"))
        if status == TradeStatus.CLOSED and paid_at:
            refunded = amount  # a paid trade closes only when all of it went back; a query says no more
        return Trade(
            gateway=self.name,
            app_id=self.app_id,
            number=number,
            trade_no=trade_no,
            status=status,
            amount=amount,
            refunded=refunded,
            refunded_at=parse_time(str(told.get("gmt_refund") or "")[:19]),  # told with a fraction
            paid_at=paid_at,
            buyer=str(told.get(buyer, ""))[:100],
        )

    def _ask(self, call: Callable[[], Any], tries: int = TRIES) -> Mapping[str, Any]:
        """The gateway's answer, its signature verified. Raises GatewayUnclear after so many `tries` without one."""
        problem: Exception = ValueError("no answer")
        for attempt in range(tries):
            if attempt:
                time.sleep(PAUSE * attempt)
            try:
                answer = call()
            except NO_ANSWER as error:
                problem = error  # no answer, or one that is none
                continue
            except (AliPayValidationError, AliPayException) as error:
                problem = error  # not signed, or not by the gateway: not to be believed
                break
            if isinstance(answer, dict):
                return answer
            problem = ValueError("not an answer")
        raise GatewaySilent(f"{self.url}: {problem}") from problem


def _plain(text: str) -> str:
    """A subject without the characters that Alipay refuses there (/ = &), and without braces, which the SDK counts."""
    return text.translate(_REFUSED)[:128].strip()
