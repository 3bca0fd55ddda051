"""What goes wrong: the codes that a call is answered with, and a process that ends between two writes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connections

BILL = "alipay.data.dataservice.bill.downloadurl.query"
COMMON = [
    ("10003", ""), ("20000", "isp.unknow-error"), ("20000", "aop.unknow-error"), ("20001", "aop.invalid-auth-token"),
    ("20001", "aop.auth-token-time-out"), ("40001", "isv.missing-signature"), ("40002", "isv.invalid-app-id"),
    ("40002", "isv.invalid-signature"), ("40003", "isv.insufficient-isv-permissions"), ("40004", "ACQ.SYSTEM_ERROR"),
    ("40004", "AQC.SYSTEM_ERROR"), ("40004", "aop.ACQ.SYSTEM_ERROR"), ("40004", ""),
    ("40004", "ACQ.NOBODY_HEARD_OF_IT"), ("40005", "isv.rate-limit"), ("40006", "isv.blocked"), ("50000", "x"),
    ("forged", ""), ("half", ""), ("", ""),
]  # fmt: skip
SUB_CODES = {
    # a query that says there is no such trade is no fault that can be told from the truth: left out where money is
    "alipay.trade.query": ["INVALID_PARAMETER", "ACCESS_FORBIDDEN", "EXIST_FORBIDDEN_WORD"],
    "alipay.trade.fastpay.refund.query": ["INVALID_PARAMETER", "TRADE_STATUS_ERROR"],
    "alipay.trade.close": [
        "TRADE_STATUS_ERROR", "REASON_TRADE_STATUS_INVALID", "REASON_ILLEGAL_STATUS", "TRADE_NOT_EXIST",
        "INVALID_PARAMETER", "TRADE_HAS_SUCCESS", "TRADE_HAS_CLOSE", "TRADE_HAS_FINISHED",
    ],
    "alipay.trade.refund": [
        "ALLOC_AMOUNT_VALIDATE_ERROR", "BUYER_ENABLE_STATUS_FORBID", "BUYER_ERROR", "BUYER_NOT_EXIST",
        "CURRENCY_NOT_SUPPORT", "CUSTOMER_VALIDATE_ERROR", "DISCORDANT_REPEAT_REQUEST", "ENTERPRISE_PAY_BIZ_ERROR",
        "INVALID_PARAMETER", "NOT_ALLOW_PARTIAL_REFUND", "ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND",
        "REASON_TRADE_REFUND_FEE_ERR", "REASON_TRADE_STATUS_INVALID", "REFUND_AMT_NOT_EQUAL_TOTAL",
        "REFUND_FEE_ERROR", "TRADE_HAS_CLOSE", "TRADE_HAS_FINISHED", "TRADE_NOT_ALLOW_REFUND", "TRADE_NOT_EXIST",
        "TRADE_STATUS_ERROR", "USER_NOT_MATCH_ERR", "SELLER_BALANCE_NOT_ENOUGH", "REASON_TRADE_BEEN_FREEZEN",
        "REFUND_CHARGE_ERROR", "TRADE_SETTLE_ERROR", "REFUND_ACCOUNT_NOT_EXIST", "REFUNDALLOC_UNAUTH_LIMIT",
        "OVERDRAFT_AGREEMENT_NOT_MATCH", "OVERDRAFT_ASSIGN_ACCOUNT_INVALID", "REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST",
    ],
    # that there is no bill is none either: a day on which nothing moved has none
    BILL: ["isp.bill_making", "isv.invalid-arguments", "INVAILID_ARGUMENTS"],
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """How one call is answered: `code` empty is no answer, "forged" and "half" are what they say."""

    method: str
    code: str
    sub_code: str
    done: bool  # carried out all the same

    def __str__(self) -> str:
        said = " ".join(filter(None, [self.code, self.sub_code])) or "silence"
        return f"{self.method} {said}{' (done)' if self.done else ''}"


FAULTS = [
    Fault(method, code, sub_code, done)
    for method, names in SUB_CODES.items()
    for code, sub_code in [*COMMON, *(("40004", name if "." in name else f"ACQ.{name}") for name in names)]
    for done in (False, True)
]
BILL_BREAKS_OFF = Fault("the file of the bill", "half", "", done=False)
FAULTS.append(BILL_BREAKS_OFF)
WRITES = ("INSERT", "UPDATE", "DELETE")


class Died(BaseException):
    """The process ended here; what the database had not committed is gone."""


class Killer:
    """Dies before or after the nth write of this thread's connection."""

    def __init__(self, number: int, *, after: bool) -> None:
        self.left, self.after = number, after

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(WRITES):
            self.left -= 1
            if self.left == 0 and not self.after:
                raise Died
        result = execute(sql, params, many, context)
        if self.left == 0 and self.after and sql.lstrip().upper().startswith(WRITES):
            raise Died
        return result


def together(calls: list[Callable[[], Any]]) -> None:
    """All of them at the same moment, each in a thread of its own. Raises what the first one raised."""
    failed: list[BaseException] = []

    def work(call: Callable[[], Any]) -> None:
        try:
            call()
        except BaseException as error:  # an injected death too: the caller raises it again
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
