"""The local cashier as a process of its own: the gateway of these tests, spoken to over HTTP by the real SDK."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from celery import current_app
from django.core.mail import EmailMessage

from apps.orders.gateways.cashier.cashier import Cashier
from apps.orders.gateways.cashier.keys import make_keys
from apps.orders.models import Plan
from tests.cashier import Till
from tests.conftest import ROOT
from tests.environment import DATA


@pytest.fixture(scope="session")
def cashier_url() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "cashier", "--settings", "streamsite.cashier"],
        cwd=ROOT,
        env={**os.environ, "CASHIER_URL": url},
    )
    until = time.monotonic() + 60
    while socket.socket().connect_ex(("127.0.0.1", port)):
        assert process.poll() is None
        assert time.monotonic() < until, "The cashier did not start."
        time.sleep(0.05)
    yield url
    process.terminate()
    process.wait(timeout=20)


@pytest.fixture
def plan() -> Plan:
    return Plan.objects.create(name="月卡", price=Decimal("25.00"), days=30)


@pytest.fixture
def till(settings, cashier_url) -> Till:
    """The cashier, to be told what a buyer does there."""
    settings.CASHIER_URL = cashier_url
    settings.ALIPAY_GATEWAY_URL = f"{cashier_url}/gateway.do"
    return Till(_desk(cashier_url))


def _desk(url: str) -> Cashier:
    from django.conf import settings

    make_keys(settings.CASHIER_DIR)
    return Cashier(Path(DATA) / "cashier", app_id=settings.ALIPAY_APP_ID, seller_id=settings.ALIPAY_SELLER_ID, url=url)


@pytest.fixture
def mailed(mailoutbox, monkeypatch) -> list[EmailMessage]:
    """Alarms as they are mailed, by a queue that works at once."""
    monkeypatch.setattr(current_app.conf, "task_always_eager", True)
    return mailoutbox
