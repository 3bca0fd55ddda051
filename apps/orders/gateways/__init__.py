"""Payment gateways, chosen by the settings: Alipay, the local cashier that implements its protocol, or none."""

from apps.orders.gateways.accounts import (
    Account,
    accounts,
    gateway,
    gateway_by_id,
    gateway_of,
    payments_enabled,
    sellers,
)
from apps.orders.gateways.alipay import TRIES, AlipayGateway
from apps.orders.gateways.bill import BillLine, read_bill
from apps.orders.gateways.protocol import CLOCK, GatewayRefused, GatewaySilent, GatewayUnclear, Trade, TradeStatus

__all__ = [
    "CLOCK",
    "TRIES",
    "Account",
    "AlipayGateway",
    "BillLine",
    "GatewayRefused",
    "GatewaySilent",
    "GatewayUnclear",
    "Trade",
    "TradeStatus",
    "accounts",
    "gateway",
    "gateway_by_id",
    "gateway_of",
    "payments_enabled",
    "read_bill",
    "sellers",
]
