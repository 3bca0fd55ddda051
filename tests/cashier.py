"""The buyer's side of the local cashier: opening the gateway's page, paying, and the notification that follows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

from django.utils import timezone

from apps.orders.gateways.cashier.cashier import Cashier
from apps.orders.gateways.cashier.store import StoredTrade


@dataclass
class Till:
    cashier: Cashier

    def open(self, pay_url: str) -> StoredTrade:
        """What a browser does first: ask for the address that the site gave. Gives the trade it opened.

        Its page, where a browser would be sent then, is not made.
        """
        address = urlsplit(pay_url)
        asked = HTTPConnection(address.netloc, timeout=10)
        asked.request("GET", f"{address.path}?{address.query}")
        answer = asked.getresponse()
        asked.close()
        assert answer.status == 302
        trade = self.cashier.store.get(answer.headers["Location"].rstrip("/").rsplit("/", 1)[1])
        assert trade is not None
        return trade

    def pay(self, pay_url: str, *, amount: str | None = None, forced: bool = False) -> StoredTrade:
        """Open the page and pay; nothing is notified."""
        trade = self.open(pay_url)
        paid = Decimal(amount) if amount else None
        assert self.cashier.store.pay(trade.trade_no, at=timezone.now(), amount=paid, forced=forced)
        found = self.cashier.store.get(trade.trade_no)
        assert found is not None
        return found

    def notification(self, trade: StoredTrade, **changed: str) -> dict[str, str]:
        """The signed notification of a trade; `changed` fields are signed with it, as if the gateway meant them."""
        params = self.cashier.notification(trade, at=timezone.now())
        if not changed:
            return params
        return self.cashier.signed({k: v for k, v in {**params, **changed}.items() if k not in {"sign", "sign_type"}})


def body(params: dict[str, str]) -> bytes:
    """As it is posted."""
    return urlencode(params).encode()
