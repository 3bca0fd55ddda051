"""Who takes the money. Settings choose: Alipay, the local cashier that speaks its protocol, or nobody."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from apps.orders.gateways.alipay import TRIES, AlipayGateway
from apps.orders.gateways.bill import BillLine, read_bill
from apps.orders.gateways.cashier.keys import make_keys
from apps.orders.gateways.protocol import CLOCK, GatewayRefused, GatewaySilent, GatewayUnclear, Trade, TradeStatus

__all__ = [
    "CLOCK",
    "TRIES",
    "AlipayGateway",
    "BillLine",
    "GatewayRefused",
    "GatewaySilent",
    "GatewayUnclear",
    "Trade",
    "TradeStatus",
    "gateway",
    "is_offered",
    "read_bill",
]


def is_offered() -> bool:
    """Whether anything can be paid through a gateway."""
    return bool(settings.PAYMENT_GATEWAY != "none")


def gateway() -> AlipayGateway:
    """The gateway of the settings. Raises GatewayRefused where payments are not set up."""
    if not is_offered():
        raise GatewayRefused("PAYMENT_GATEWAY is none.")
    if settings.PAYMENT_GATEWAY == "cashier":
        make_keys(settings.CASHIER_DIR)
    return _build(
        settings.PAYMENT_GATEWAY,
        settings.ALIPAY_GATEWAY_URL,
        settings.ALIPAY_APP_ID,
        settings.ALIPAY_SELLER_ID,
        str(settings.ALIPAY_PRIVATE_KEY_FILE),
        str(settings.ALIPAY_PUBLIC_KEY_FILE),
    )


@cache
def _build(
    name: str, url: str, app_id: str, seller_id: str, private_key_file: str, public_key_file: str
) -> AlipayGateway:
    return AlipayGateway(
        name=name,
        url=url,
        app_id=app_id,
        seller_id=seller_id,
        private_key_file=private_key_file,
        public_key_file=public_key_file,
    )
