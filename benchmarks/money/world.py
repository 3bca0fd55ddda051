"""One batch of random events: what it draws from, and how it settles down."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection

from apps.movies.models import Movie
from apps.orders import services as orders
from apps.orders.gateways import CLOCK
from apps.orders.models import Coupon, Notification, Order, Payment, Plan, Refund
from apps.users.models import User
from benchmarks.money.faults import Died, Killer
from benchmarks.money.gateway import APP, OTHER_APP, SELLER, Gateway, Trade


@dataclass(frozen=True)
class Event:
    """What can happen, how often in proportion to the others, and whether the process may die within it."""

    act: Callable[[World], None]
    weight: int
    may_die: bool = False

    @property
    def name(self) -> str:
        return self.act.__name__


class World:
    """One batch: its buyers and what they can buy, and the chance that draws everything."""

    def __init__(
        self, gateway: Gateway, seed: int, at: datetime, make_user: Callable[[], User], events: list[Event]
    ) -> None:
        self.gateway, self.chance, self.at, self.events = gateway, random.Random(seed), at, events
        self.begun = at
        self.skew = timedelta(seconds=self.chance.choice([0, 0, -75, 40]))  # of the gateway's clock
        gateway.now = at + self.skew
        self.users = [make_user() for _ in range(8)]
        self.make_user = make_user
        self.plans: list[Plan] = []
        self.movies: list[Movie] = []
        self.coupons: list[Coupon] = []
        self.orders: list[int] = []
        self.urls: dict[int, str] = {}  # where an order is paid
        self.kept: list[bytes] = []  # notifications of before, to be sent again
        self.deleted: dict[int, datetime] = {}
        self.counts: Counter[str] = Counter()
        self.deaths: Counter[str] = Counter()  # by the event that died

    def step(self) -> None:
        """One event; one in five may die on its way."""
        event = self.chance.choices(self.events, [event.weight for event in self.events])[0]
        self.counts[event.name] += 1
        dies = self.chance.random() < 1 / 5 and event.may_die
        if not dies:
            event.act(self)
            return
        killer = Killer(self.chance.choice([1, 1, 2, 2, 3, 4, 5, 6, 8, 10]), after=self.chance.random() < 0.5)
        try:
            with connection.execute_wrapper(killer):
                event.act(self)
        except Died:
            self.deaths[event.name] += 1

    def settle_down(self) -> None:
        """Nothing fails any more, and time passes: what is left now is for ever."""
        self.gateway.faults.clear()
        for hours in (0, 1, 3, 30, 3):
            self.move(timedelta(hours=hours, seconds=61))
            found = orders.reconcile(at=self.at, rate=1e6)
            assert found.unclear == 0, found
        for day in self.days():
            orders.check_day(day=day, at=self.at)
        for seconds in (61, 61):
            self.move(timedelta(seconds=seconds))
            orders.reconcile(at=self.at, rate=1e6)

    def days(self) -> list[date]:
        """Those of the gateway's clock on which anything can have moved."""
        first, last = ((at + self.skew).astimezone(CLOCK).date() for at in (self.begun, self.at))
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def reached(self) -> Counter[str]:
        """What became of the orders, the payments, the refunds and what was told."""
        mine = Payment.objects.filter(order__in=self.orders)
        rows = {
            "order": Order.objects.filter(pk__in=self.orders).values_list("state", flat=True),
            "payment": [flag or "kept" for flag in mine.values_list("flag", flat=True)],
            "refund": Refund.objects.filter(payment__in=mine).values_list("state", flat=True),
            "notification": Notification.objects.filter(received_at__gte=self.begun).values_list("verdict", flat=True),
        }
        return Counter(f"{what} {one}" for what, ones in rows.items() for one in ones)

    def move(self, by: timedelta) -> None:
        self.at += by
        self.gateway.now = self.at + self.skew

    def send(self, body: bytes, *, again: bool = False) -> None:
        if not again:
            self.kept.append(body)
        verdict = orders.receive(body=body, address="203.0.113.1", at=self.at).verdict
        assert verdict in {Notification.Verdict.SETTLED, Notification.Verdict.NOTED}, verdict

    def user(self) -> User:
        return self.chance.choice(self.users)

    def order(self, *, unpaid: bool = False) -> Order | None:
        """Any of them, mostly a recent one; mostly one that can still be paid where it is to be `unpaid`."""
        if not self.orders:
            return None
        recent = self.orders[-12:] if self.chance.random() < 0.7 else self.orders
        if unpaid and self.chance.random() < 0.8:
            recent = list(Order.objects.open().filter(pk__in=recent).values_list("pk", flat=True)) or recent
        return Order.objects.select_related("user", "movie").get(pk=self.chance.choice(recent))

    def trade(self, *, unpaid: bool = False) -> Trade | None:
        """As `order`."""
        trades = list(self.gateway.trades.values())
        if not trades:
            return None
        recent = trades[-12:] if self.chance.random() < 0.7 else trades
        if unpaid and self.chance.random() < 0.8:
            recent = [trade for trade in trades if trade.status == "WAIT_BUYER_PAY"] or recent
        return self.chance.choice(recent)

    def payment(self) -> Payment | None:
        mine = Payment.objects.filter(order__in=self.orders[-60:]).order_by("pk").values_list("pk", flat=True)
        return Payment.objects.get(pk=self.chance.choice(mine)) if mine else None


def use_application(gateway: Gateway, app: str) -> None:
    """Pay through that application from now on; orders of the other one are still looked after."""
    told = {
        "SELLER_ID": SELLER, "GATEWAY_URL": f"{gateway.url}/gateway.do",
        "PRIVATE_KEY_FILE": str(gateway.private_file), "PUBLIC_KEY_FILE": str(gateway.public_file),
        "APP_CERT_FILE": "", "CERT_FILE": "", "ROOT_CERT_FILE": "",
    }  # fmt: skip
    for name, value in (told | {"APP_ID": app}).items():
        setattr(settings, f"ALIPAY_{name}", value)
    settings.ALIPAY_EARLIER_APPS = [told | {"APP_ID": OTHER_APP if app == APP else APP}]
