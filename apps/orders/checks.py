"""System checks on how money is taken: what is wrong, and what to set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

GATEWAYS = {"alipay", "cashier", "none"}


@register()
def check_payments(**_kwargs: Any) -> list[CheckMessage]:
    """Wrong in any environment, or in production."""
    if settings.PAYMENT_GATEWAY not in GATEWAYS:
        return [
            Error(
                f"PAYMENT_GATEWAY is {settings.PAYMENT_GATEWAY!r}.",
                hint="Set it to alipay, cashier or none.",
                id="orders.E001",
            )
        ]
    if settings.PAYMENT_GATEWAY == "cashier":
        return _check_cashier()
    return _check_alipay() if settings.PAYMENT_GATEWAY == "alipay" else []


def _check_cashier() -> list[CheckMessage]:
    if settings.ENVIRONMENT != "production":
        return []
    return [
        Error(
            "The local cashier gives everything away: it can't run in production.",
            hint="Set PAYMENT_GATEWAY=alipay and its keys, or PAYMENT_GATEWAY=none.",
            id="orders.E002",
        )
    ]


def _check_alipay() -> list[CheckMessage]:
    found: list[CheckMessage] = [
        Error(f"{name} is not set.", hint=f"Set {name}: the Alipay open platform shows it.", id="orders.E003")
        for name in ("ALIPAY_APP_ID", "ALIPAY_SELLER_ID")
        if not getattr(settings, name)
    ]
    for name in ("ALIPAY_PRIVATE_KEY_FILE", "ALIPAY_PUBLIC_KEY_FILE"):
        path = getattr(settings, name)
        if not path or not Path(path).is_file():
            found.append(
                Error(f"{name} is {path!r}, which is no file.", hint=f"Set {name} to the key's file.", id="orders.E004")
            )
    if not settings.ALIPAY_GATEWAY_URL.startswith("https://"):
        found.append(
            Error(
                f"ALIPAY_GATEWAY_URL is {settings.ALIPAY_GATEWAY_URL!r}.",
                hint="Alipay is reached through https.",
                id="orders.E005",
            )
        )
    return found
