"""Parsing signed answers of the open platform, and the meaning of their codes.

Sources: Alipay open platform, "common error codes" (10000, 10003, 20000, 20001, 40001–40006) and the business error
codes of alipay.trade.query, .close, .refund and .fastpay.refund.query.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from apps.orders.gateways.protocol import GatewayRefused, GatewayUnclear

SUCCESS, BUSINESS_FAILED = "10000", "40004"
NOT_THERE = "ACQ.TRADE_NOT_EXIST"
# Permanent rejections of a refund. Every other code, documented or not, may be temporary: an empty account
# (ACQ.SELLER_BALANCE_NOT_ENOUGH), a frozen trade, a system error. The refund then stays requested.
REFUSES_REFUND = frozenset(
    f"ACQ.{name}"
    for name in (
        "ALLOC_AMOUNT_VALIDATE_ERROR", "BUYER_ENABLE_STATUS_FORBID", "BUYER_ERROR", "BUYER_NOT_EXIST",
        "CURRENCY_NOT_SUPPORT", "CUSTOMER_VALIDATE_ERROR", "DISCORDANT_REPEAT_REQUEST", "ENTERPRISE_PAY_BIZ_ERROR",
        "INVALID_PARAMETER", "NOT_ALLOW_PARTIAL_REFUND", "ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND",
        "REASON_TRADE_REFUND_FEE_ERR", "REASON_TRADE_STATUS_INVALID", "REFUND_AMT_NOT_EQUAL_TOTAL",
        "REFUND_FEE_ERROR", "TRADE_HAS_CLOSE", "TRADE_HAS_FINISHED", "TRADE_NOT_ALLOW_REFUND", "TRADE_NOT_EXIST",
        "TRADE_STATUS_ERROR", "USER_NOT_MATCH_ERR",
    )
)  # fmt: skip


def is_success(answer: Mapping[str, Any]) -> bool:
    """Whether the call succeeded."""
    return answer.get("code") == SUCCESS


def says_not_there(answer: Mapping[str, Any]) -> bool:
    """Whether the gateway doesn't know the trade."""
    return answer.get("code") == BUSINESS_FAILED and answer.get("sub_code") == NOT_THERE


def says_no_bill(answer: Mapping[str, Any]) -> bool:
    """Whether the gateway made no bill of that day: nothing moved (BILL_NOT_EXIST, with and without a prefix)."""
    return answer.get("code") == BUSINESS_FAILED and str(answer.get("sub_code")).upper().endswith("BILL_NOT_EXIST")


def expect_success(answer: Mapping[str, Any], *, refusals: frozenset[str] = frozenset()) -> None:
    """Raise GatewayRefused for a sub code in `refusals`, and GatewayUnclear for any other failure."""
    if is_success(answer):
        return
    what = f"{answer.get('code')} {answer.get('sub_code', '')} {answer.get('sub_msg', '')}".strip()
    if answer.get("code") == BUSINESS_FAILED and answer.get("sub_code") in refusals:
        raise GatewayRefused(what)
    raise GatewayUnclear(what)


def members(text: str) -> dict[str, tuple[str, Any]]:
    """The members of a JSON object, each as raw text and as parsed value: the signature covers the raw text.

    Alipay signs the characters between the colon and the comma; counting braces would fail on values that contain
    one. Raises ValueError for anything but an object, and for a duplicate name.
    """
    decoder, found = json.JSONDecoder(), {}
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        raise ValueError("The answer is no object.")
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        name, at = decoder.raw_decode(text, at)
        at = _skip(text, at)
        if not isinstance(name, str) or name in found or text[at : at + 1] != ":":
            raise ValueError("The answer can't be read.")
        begins = _skip(text, at + 1)
        value, at = decoder.raw_decode(text, begins)
        found[name] = (text[begins:at], value)
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "}":
            raise ValueError("The answer can't be read.")
    return found


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] in {" ", "\t", "\r", "\n"}:
        at += 1
    return at
