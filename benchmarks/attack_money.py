"""What forged payment notifications and guessed coupon codes do to a site: a part of attack.py.

All of it once with Redis and once with it stopped, from one address and under many names of another (X-Forwarded-For).
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from urllib.parse import urlencode

from tests.browser.conftest import Site

AT_ONCE = 8
FORGED, GUESSED = 400, 120  # requests in a phase
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# A paid trade whose notification hasn't come, as the gateway would send it.
PAID = """
import json
from pathlib import Path
from django.conf import settings
from django.utils import timezone
from apps.orders import services
from apps.orders.gateways.cashier.cashier import Cashier
from apps.orders.models import Notification, Order, Plan
from tests.cashier import Till, body
from tests.factories import make_user
cashier = Cashier(Path(settings.CASHIER_DIR), app_id=settings.ALIPAY_APP_ID, seller_id=settings.ALIPAY_SELLER_ID,
            url=settings.CASHIER_URL)
cashier.notify = lambda *_args, **_options: None
buyer = make_user(username=f"buyer-{Order.objects.count()}")
order = services.place_order(user=buyer, item=Plan.objects.first(), at=timezone.now())
url = services.pay_by_gateway(order=order, phone=False, site=settings.SITE_URL, at=timezone.now())
till = Till(cashier)
print("MADE" + json.dumps([order.pk, body(till.notification(till.pay(url))).decode()]))
"""
STANDS = """
import json
from django.db.models import Count
from apps.orders.models import Notification, Order
kept = Notification.objects.values_list("verdict").annotate(Count("pk"))
bodies = Notification.objects.exclude(verdict="settled").values_list("body", flat=True)
state = Order.objects.get(pk={order}).state
print("MADE" + json.dumps([state, dict(kept), max(map(len, bodies), default=0)]))
"""
COUPON = """
from apps.orders.models import Coupon
Coupon.objects.get_or_create(code="SPRING", defaults=dict(kind=Coupon.Kind.AMOUNT, value=5, limit_per_user=5))
"""


def made(site: Site, code: str) -> list:
    said = site.manage("shell", "-v", "0", "-c", code)
    return list(json.loads(said.split("MADE")[1]))


def send(
    port: int, method: str, address: str, body: str = "", headers: dict[str, str] | None = None
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, address, body.encode() or None, {**(FORM if body else {}), **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def forge(port: int, names: Iterator[int], many: int) -> Counter[str]:
    """What so many forged notifications were answered with, each as from an address of its own."""

    def one(number: int) -> str:
        body = urlencode(
            {"app_id": "1", "out_trade_no": str(number), "sign_type": "RSA2", "sign": "AAAA", "x": "y" * 30_000}
        )
        status, text = send(port, "POST", "/order/notify/", body, claim(number))
        return f"{status} {text[:10]}"

    with ThreadPoolExecutor(AT_ONCE) as senders:
        return Counter(senders.map(one, [next(names) for _ in range(many)]))


def guess(port: int, names: Iterator[int], many: int) -> Counter[str]:
    """What pages said of so many codes that are none, and at last of one that is."""

    def one(number: int) -> str:
        code = "SPRING" if number < 0 else f"GUESS{number}"
        status, page = send(port, "GET", f"/order/openvip/?coupon={code}", "", claim(number))
        said = re.search(r'coupon__good|(?s:id="coupon-error".*?<span>(.*?)</span>)', page)
        return f"{status} {said and (said[1] or 'taken off')}"

    with ThreadPoolExecutor(AT_ONCE) as senders:
        found = Counter(senders.map(one, [next(names) for _ in range(many)]))
    found[f"then the right one: {one(-1)}"] += 1
    return found


def claim(number: int) -> dict[str, str]:
    address = f"203.0.{number // 250 % 250}.{number % 250}"
    return {"X-Forwarded-For": address, "X-Real-IP": address, "Forwarded": f"for={address}"}


def attack_money(site: Site, ports: dict[str, int]) -> int:
    """Print the outcome; returns how many answers were wrong."""
    bad, names = 0, count(1)
    site.manage("shell", "-v", "0", "-c", COUPON)
    for name, port in ports.items():
        for redis in ("with Redis", "with Redis stopped"):
            order, true = made(site, PAID)
            brokers = [pid for pid, line in site.processes().items() if "broker" in line] if "stopped" in redis else []
            for pid in brokers:
                os.kill(pid, signal.SIGSTOP)
            try:
                told: list[str] = []
                forging = threading.Thread(target=lambda: told.append(str(forge(port, names, FORGED))))  # noqa: B023
                forging.start()
                answer = send(port, "POST", "/order/notify/", true)
                forging.join()
                guessed = guess(port, names, GUESSED)
            finally:
                for pid in brokers:
                    os.kill(pid, signal.SIGCONT)
            state, kept, longest = made(site, STANDS.format(order=order))
            print(
                f"{name}, {redis}: {FORGED} forged notifications {told}; the true one between them: {answer}, "
                f"order {state}; kept in all {kept}, longest {longest}; codes {dict(guessed)}",
                flush=True,
            )
            bad += answer != (200, "success") or state == "pending" or longest > 2048
    return bad
