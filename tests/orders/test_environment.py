"""Alipay set up as docs/payments.md says, by variables alone: other tests change settings that are there already."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

from apps.orders.gateways.cashier.keys import make_keys
from tests.conftest import ROOT

SHOWN = """
import json
from datetime import datetime, UTC
from decimal import Decimal
from django.core.management import call_command
from apps.orders.gateways import accounts, gateway, gateway_of
call_command("check")
url = gateway().pay_url(number="1", amount=Decimal("1.00"), subject="x", expires_at=datetime.now(UTC), phone=False,
                        return_url="https://shop.example/", notify_url="https://shop.example/notify/")
print(json.dumps([url, [[one.gateway, one.app_id, one.seller_id, one.url] for one in accounts()]]))
"""


def test_a_shop_that_is_set_up_by_its_environment_can_sell(tmp_path):
    make_keys(tmp_path)
    keys = {
        "PRIVATE_KEY_FILE": str(tmp_path / "app_private.pem"),
        "PUBLIC_KEY_FILE": str(tmp_path / "gateway_public.pem"),
    }
    told = {
        f"ALIPAY_{name}": value
        for name, value in (keys | {"APP_ID": "2021000000000051", "SELLER_ID": "2088000000000051"}).items()
    }
    told |= {
        f"ALIPAY_2021000000000050_{name}": value for name, value in (keys | {"SELLER_ID": "2088000000000050"}).items()
    }
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ALIPAY")}, **told,
        "ALIPAY_EARLIER_APPS": "2021000000000050", "ENVIRONMENT": "production", "SITE_URL": "https://shop.example",
        "ALLOWED_HOSTS": "shop.example", "SECRET_KEY": "fifty-different-enough-characters-for-a-key-0123456789",
        "DATA_DIR": str(tmp_path / "data"), "OUTBOX": "0",
    }  # fmt: skip
    environment.pop("PAYMENT_GATEWAY", None)
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", SHOWN], cwd=ROOT, env=environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    url, found = json.loads(done.stdout.splitlines()[-1])
    alipay = "https://openapi.alipay.com/gateway.do"
    assert url.startswith(f"{alipay}?app_id=2021000000000051&")
    assert found == [
        ["alipay", "2021000000000051", "2088000000000051", alipay],
        ["alipay", "2021000000000050", "2088000000000050", alipay],
    ]


def test_every_variable_that_is_documented_is_read():
    rows = [
        line
        for name in ("settings", "payments", "accounts", "keys")
        for line in (ROOT / f"docs/{name}.md").read_text().splitlines()
    ]
    names = {
        name
        for row in rows
        if row.startswith("|")
        for name in re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)`", row.split("|")[1])
    }
    sources = [ROOT / "streamsite", ROOT / "deploy", ROOT / "utils"]
    read = {
        name for folder in sources for file in folder.rglob("*.py")
        for name in re.findall(r"[\"']([A-Z][A-Z0-9_]+)[\"']", file.read_text())
    }  # fmt: skip
    assert len(names) > 40
    assert names <= read, sorted(names - read)
