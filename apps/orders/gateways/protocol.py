"""The words of Alipay's protocol that both ends speak: keys, signatures, amounts and times.

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

CLOCK = ZoneInfo("Asia/Shanghai")  # every time of the protocol is naive and means this zone
TIME = "%Y-%m-%d %H:%M:%S"
_AMOUNT = re.compile(r"(0|[1-9]\d{0,8})(\.\d{1,2})?", re.ASCII)


class TradeStatus(StrEnum):
    """Where a trade stands, as the gateway calls it."""

    WAITING = "WAIT_BUYER_PAY"
    CLOSED = "TRADE_CLOSED"  # never paid, or refunded whole
    SUCCESS = "TRADE_SUCCESS"
    FINISHED = "TRADE_FINISHED"  # paid, and past the time for refunds

    @property
    def is_paid(self) -> bool:
        """Whether the buyer's money has arrived."""
        return self in {TradeStatus.SUCCESS, TradeStatus.FINISHED}


class GatewayRefused(Exception):
    """The gateway said no, and will say so again."""


class GatewayUnclear(Exception):
    """Nobody knows what happened: no answer, half of one, or one that can't be believed. Ask again later."""


class GatewaySilent(GatewayUnclear):
    """The gateway gave no answer at all, or none that it signed: others will hear nothing either."""


@dataclass(frozen=True)
class Trade:
    """What the gateway says about one trade. `number` is ours (out_trade_no), `trade_no` the gateway's."""

    gateway: str
    number: str
    trade_no: str
    status: TradeStatus
    amount: Decimal  # yuan
    paid_at: datetime | None = None
    buyer: str = ""
    refunded: Decimal = Decimal(0)  # yuan, of all its refunds
    refunded_at: datetime | None = None  # the last of them
    app_id: str = ""  # the application that it went through

    @property
    def was_paid(self) -> bool:
        """Whether the buyer's money has arrived, even if all of it has gone back since: the trade is closed then."""
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
    """A moment as the protocol writes it, on its own clock."""
    return at.astimezone(CLOCK).strftime(TIME)


def pem(text: str, kind: str) -> str:
    """A key as PEM, given as PEM or as the bare base64 that Alipay's tools write; `kind` is PRIVATE or PUBLIC."""
    text = text.strip()
    if text.startswith("-----"):
        return text
    body = "".join(text.split())
    # Alipay's tool writes private keys as PKCS #8 or PKCS #1; the reader tells them apart by the content.
    lines = [body[n : n + 64] for n in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {kind} KEY-----", *lines, f"-----END {kind} KEY-----"])


def signed_text(params: Mapping[str, str], *, without: frozenset[str]) -> str:
    """What is signed: every pair but those left out, sorted by name."""
    return "&".join(f"{name}={params[name]}" for name in sorted(params) if name not in without)
