"""What happens at once, or half, in a process of its own: `python -m tests.orders.driver FILE`.

The database is DATABASE_URL, empty; the gateway is the cashier at CASHIER_URL. What came out goes to FILE as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streamsite.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.test.utils import override_settings, setup_test_environment  # noqa: E402

from tests.orders.driver.at_once import (  # noqa: E402
    console,
    coupons,
    notifications,
    one_title,
    purchases,
    refunds,
    together,
)
from tests.orders.driver.half import refund_dies, settle_dies, wallet_dies  # noqa: E402

QUICK_PASSWORDS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SCENES = [
    notifications, purchases, one_title, together, coupons, refunds, console, settle_dies, wallet_dies, refund_dies,
]  # fmt: skip


def main(file: Path) -> None:
    setup_test_environment()
    call_command("migrate", verbosity=0)
    file.write_text(json.dumps({scene.__name__: played(scene) for scene in SCENES}))


def played(scene: Callable[[], dict[str, Any]]) -> dict[str, Any] | str:
    try:
        with override_settings(PASSWORD_HASHERS=QUICK_PASSWORDS):
            return scene()
    except Exception:  # it is the test that fails, and says why
        return traceback.format_exc()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
