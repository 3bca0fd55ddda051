"""Elements of Alipay's protocol shared by client and cashier: keys, signatures, amounts and times.

Sources: Alipay open platform, "signing" (RSA2: SHA-256 with RSA, PKCS #1 v1.5, over the sorted key=value pairs),
"asynchronous notification" (`sign` and `sign_type` are left out) and "alipay.trade.query".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

CLOCK = ZoneInfo("Asia/Shanghai")  # all protocol times are naive, in this zone
TIME = "%Y-%m-%d %H:%M:%S"
_AMOUNT = re.compile(r"(0|[1-9]\d{0,8})(\.\d{1,2})?", re.ASCII)


class TradeStatus(StrEnum):
    """The gateway's trade states."""

    WAITING = "WAIT_BUYER_PAY"
    CLOSED = "TRADE_CLOSED"  # never paid, or fully refunded
    SUCCESS = "TRADE_SUCCESS"
    FINISHED = "TRADE_FINISHED"  # paid, and no longer refundable

    @property
    def is_paid(self) -> bool:
        """Whether the buyer's money has arrived."""
        return self in {TradeStatus.SUCCESS, TradeStatus.FINISHED}


class GatewayRefused(Exception):
    """The gateway permanently refused the call."""


class GatewayUnclear(Exception):
    """The outcome is unknown: no answer, an incomplete or an unverified one. Query again later."""


class GatewaySilent(GatewayUnclear):
    """The gateway didn't answer, or not with a valid signature: other calls will fail as well."""


@dataclass(frozen=True)
class Trade:
    """One trade as reported by the gateway. `number` is ours (out_trade_no), `trade_no` the gateway's."""

    gateway: str
    number: str
    trade_no: str
    status: TradeStatus
    amount: Decimal  # yuan
    paid_at: datetime | None = None
    buyer: str = ""
    refunded: Decimal = Decimal(0)  # yuan, all refunds together
    refunded_at: datetime | None = None  # of the latest refund
    app_id: str = ""  # the application that it went through

    @property
    def was_paid(self) -> bool:
        """Whether the trade was paid, even if it has been fully refunded and closed since."""
        return self.status.is_paid or (self.status == TradeStatus.CLOSED and self.paid_at is not None)


def parse_amount(text: str) -> Decimal:
    """Yuan from the protocol's text. Raises ValueError for anything but digits with at most two decimals."""
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"{text!r} is not an amount.")
    return Decimal(text)


def parse_time(text: str) -> datetime | None:
    """An aware time from the protocol's naive one; None for an empty one. Raises ValueError."""
    return datetime.strptime(text, TIME).replace(tzinfo=CLOCK) if text else None


def format_time(at: datetime) -> str:
    """Format a time for the protocol, by its own clock."""
    return at.astimezone(CLOCK).strftime(TIME)


def pem(text: str, kind: str) -> str:
    """Convert a key to PEM, given as PEM or as the bare base64 of Alipay's tools; `kind` is PRIVATE or PUBLIC."""
    text = text.strip()
    if text.startswith("-----"):
        return text
    body = "".join(text.split())
    # Alipay's tool writes private keys as PKCS #8 or PKCS #1; readers tell them apart by content.
    lines = [body[n : n + 64] for n in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {kind} KEY-----", *lines, f"-----END {kind} KEY-----"])


def signed_text(params: Mapping[str, str], *, without: frozenset[str]) -> str:
    """The text to sign: all parameters except `without`, sorted by name."""
    return "&".join(f"{name}={params[name]}" for name in sorted(params) if name not in without)
