"""Buyers, administrators, forgers, the gateway and the clock, each doing one random thing after another."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.db import connection, transaction

from apps.movies.models import Movie
from apps.orders import services as orders
from apps.orders.gateways import CLOCK, GatewayRefused, GatewayUnclear
from apps.orders.models import Coupon, Notification, Order, Payment, Plan, Refund
from apps.users import services as users
from apps.users.models import User
from apps.wallet import services as wallet
from benchmarks.money.faults import FAULTS, Died, Killer, together
from benchmarks.money.gateway import APP, FOREIGN_APP, FOREIGN_SELLER, OTHER_APP, SELLER, Gateway, Trade

MAY_DIE = {
    "place", "go", "pay", "pay_twice", "notify", "replay", "forge", "foreign", "ask", "cancel", "close", "refund",
    "pay_from_wallet", "console", "reconcile", "statement", "delete", "junk", "pay_strangely",
}  # fmt: skip
STEPS = [1, 5, 30, 61, 61, 61, 300, 300, 900, 1801, 4000, 20_000]  # seconds


class World:
    """One batch: its buyers and what they can buy, and the chance that draws everything."""

    def __init__(self, gateway: Gateway, seed: int, at: datetime, make_user: Callable[[], User]) -> None:
        self.gateway, self.chance, self.at = gateway, random.Random(seed), at
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
        self.events: list[tuple[Callable[[], None], int]] = [
            (self.place, 18), (self.go, 14), (self.pay, 14), (self.pay_wrongly, 6), (self.pay_twice, 2),
            (self.notify, 14), (self.replay, 4), (self.forge, 5), (self.foreign, 2), (self.ask, 5), (self.cancel, 3),
            (self.close, 2),
            (self.pay_from_wallet, 6), (self.refund, 5), (self.console, 3), (self.finish, 1), (self.reconcile, 6),
            (self.wait, 8), (self.fault, 12), (self.statement, 3), (self.delete, 1), (self.new_coupon, 1),
            (self.end_coupon, 1), (self.new_user, 1), (self.junk, 1), (self.change_application, 2),
            (self.pay_strangely, 1), (self.change_price, 2),
        ]  # fmt: skip
        if not (connection.vendor == "sqlite" and connection.is_in_memory_db()):  # type: ignore[attr-defined]
            self.events.append((self.at_once, 1))  # a database in memory refuses instead of waiting

    # --- Running ----------------------------------------------------------------------------------

    def step(self) -> None:
        """One event; one in five may die on its way."""
        event = self.chance.choices([e for e, _ in self.events], [weight for _, weight in self.events])[0]
        self.counts[event.__name__] += 1
        dies = self.chance.random() < 1 / 5 and event.__name__ in MAY_DIE
        if not dies:
            event()
            return
        killer = Killer(self.chance.choice([1, 1, 2, 2, 3, 4, 5, 6, 8, 10]), after=self.chance.random() < 0.5)
        try:
            with connection.execute_wrapper(killer):
                event()
        except Died:
            self.deaths[event.__name__] += 1

    def settle_down(self) -> None:
        """Nothing fails any more, and time passes: what is left now is for ever."""
        self.gateway.faults.clear()
        for hours in (0, 1, 3, 30, 3):
            self._move(timedelta(hours=hours, seconds=61))
            found = orders.reconcile(at=self.at, rate=1e6)
            assert found.unclear == 0, found
        for day in self.days():
            orders.check_day(day=day, at=self.at)
        for seconds in (61, 61):
            self._move(timedelta(seconds=seconds))
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

    def _move(self, by: timedelta) -> None:
        self.at += by
        self.gateway.now = self.at + self.skew

    # --- What buyers do ---------------------------------------------------------------------------

    def place(self) -> None:
        user, what = self._user(), self.chance.random()
        with suppress(orders.UnableToPlaceOrder, orders.CouponRefused):
            if what < 0.25:
                amount = Decimal(self.chance.randint(100, 6000)) / 100
                order = orders.place_top_up(user=user, amount=amount, at=self.at)
            elif what < 0.6:
                code = self.chance.choice(self.coupons).code if self.coupons and self.chance.random() < 0.5 else ""
                order = orders.place_order(user=user, item=self.chance.choice(self.plans), at=self.at, code=code)
            else:
                order = orders.place_order(user=user, item=self.chance.choice(self.movies), at=self.at)
            if order.pk not in self.orders:
                self.orders.append(order.pk)

    def go(self) -> None:
        if order := self._order(unpaid=True):
            with suppress(orders.UnableToPay):
                phone = self.chance.random() < 0.5
                url = orders.pay_by_gateway(order=order, phone=phone, site="http://testserver/", at=self.at)
                self.urls[order.pk] = url
                if self.chance.random() < 0.9:
                    self.gateway.open(url)

    def pay(self) -> None:
        """Paid, and mostly told at once."""
        if (trade := self._trade(unpaid=True)) and self.gateway.pay(trade) and self.chance.random() < 0.6:
            self._send(self.gateway.notification(trade))

    def pay_wrongly(self) -> None:
        """Another amount, or too late."""
        if trade := self._trade(unpaid=True):
            off = Decimal(self.chance.choice(["-0.01", "1.00", "-5.00", "0.00"]))
            self.gateway.pay(trade, amount=max(trade.amount + off, Decimal("0.01")), forced=True)

    def pay_twice(self) -> None:
        if (trade := self._trade()) and trade.paid_at:
            again = self.gateway.pay_again(trade)
            if self.chance.random() < 0.5:
                self._send(self.gateway.notification(again))

    def pay_from_wallet(self) -> None:
        if order := self._order(unpaid=True):
            with suppress(orders.UnableToPay, wallet.NotEnoughMoney):
                orders.pay_from_wallet(order=order, user=order.user, at=self.at)

    def cancel(self) -> None:
        if order := self._order():
            orders.cancel(order=order, at=self.at)

    def close(self) -> None:
        if order := self._order():
            with suppress(GatewayUnclear):
                orders.close(order=order, at=self.at, tries=1)

    def ask(self) -> None:
        if order := self._order():
            orders.run_query(order_id=order.pk, at=self.at)

    def new_user(self) -> None:
        self.users.append(self.make_user())

    def delete(self) -> None:
        user = self._user()
        with transaction.atomic():
            users.deletion.delete_account(user=user, at=self.at)
        self.users.remove(user)
        self.deleted[user.pk] = self.at
        if len(self.users) < 5:
            self.users.append(self.make_user())

    # --- What the gateway does, and who pretends to be it -------------------------------------------

    def notify(self) -> None:
        if trade := self._trade():
            for _ in range(self.chance.choice([1, 1, 1, 2, 5])):
                self._send(self.gateway.notification(trade))

    def replay(self) -> None:
        """An old one, out of order."""
        if self.kept:
            self._send(self.chance.choice(self.kept), again=True)

    def forge(self) -> None:
        """Altered after it was signed, or signed by a stranger."""
        if not (trade := self._trade()):
            return
        if self.chance.random() < 0.4:
            content = self.gateway.notification(trade, key=self.gateway.stranger, trade_status="TRADE_SUCCESS")
        else:
            params = dict(parse_qsl(self.gateway.notification(trade).decode()))
            name = self.chance.choice(sorted(params))
            other = self._order()
            value = other.number if other and name == "out_trade_no" and other.number != params[name] else "1.00"
            if params[name] == value:
                return
            content = self.chance.choice([
                urlencode({**params, name: value}),
                urlencode([*params.items(), (name, value)]),  # once as signed, once not
                urlencode([(name, value), *params.items()]),
                urlencode({**params, "sign_type": self.chance.choice(["RSA", "MD5", "rsa2", "", "RSA2 "])}),
                urlencode({**params, "extra": "1"}),
                urlencode({**params, "sign": params["sign"] + " "}),
                urlencode({**params, "subject": "月卡"}, encoding="gbk"),
            ]).encode()  # fmt: skip
        told = orders.receive(body=content, address="192.0.2.1", at=self.at)
        assert told.verdict in {"forged", "malformed"}, told.verdict

    def foreign(self) -> None:
        """Signed by the gateway for another application or seller, or about another's order."""
        if trade := self._trade():
            changed = self.chance.choice(
                [{"app_id": FOREIGN_APP}, {"seller_id": FOREIGN_SELLER}, {"out_trade_no": "2026112799999999"}]
            )
            claimed = {"trade_status": "TRADE_SUCCESS", "gmt_payment": "2026-11-27 10:00:00", **changed}
            body = self.gateway.notification(trade, **claimed)
            assert orders.receive(body=body, address=None, at=self.at).verdict in {"foreign", "unknown"}

    def junk(self) -> None:
        content = self.chance.randbytes(self.chance.randint(0, 400))
        assert orders.receive(body=content, address="192.0.2.2", at=self.at).verdict in {"forged", "malformed"}

    def pay_strangely(self) -> None:
        """An order paid through an application that it wasn't sent through."""
        order = self._order()
        if order and order.app_id:
            app = APP if order.app_id == OTHER_APP else OTHER_APP
            trade = self.gateway.pay_strangely(order.number, order.amount, app)
            if self.chance.random() < 0.6:
                self._send(self.gateway.notification(trade))

    def console(self) -> None:
        """A refund in the gateway's console, whole or in part, told or not."""
        trade = self._trade()
        if trade and trade.paid_at and trade.amount > trade.back:
            left = trade.amount - trade.back
            part = max((left / 3).quantize(Decimal("0.01")), Decimal("0.01"))
            steps = self.chance.choice([[left], [left], [part], [part, part], [Decimal("0.01")] * 4])
            for amount in steps:
                done = self.gateway.send_back(trade, f"C{self.chance.getrandbits(60)}", amount)
                if done and self.chance.random() < 0.7:
                    self._send(self.gateway.notification(trade))

    def finish(self) -> None:
        if self.chance.random() < 0.3 and (trade := self._trade()):
            self.gateway.finish(trade)

    def fault(self) -> None:
        """One of the next calls goes wrong."""
        self.gateway.faults.append(self.chance.choice(FAULTS))

    # --- What the site does, and time -----------------------------------------------------------------

    def refund(self) -> None:
        """An administrator sends money back, whole or in part."""
        payment = self._payment()
        if payment is None:
            return
        share = self.chance.choice(["1", "1", "0.5", "0.333", "1.5"])
        amount = ((payment.amount - payment.refunded) * Decimal(share)).quantize(Decimal("0.01"))
        with suppress(orders.UnableToRefund):
            row = orders.refund(payment=payment, amount=amount, reason="x", by=None, at=self.at)
            orders.execute_refund(refund=row, at=self.at)

    def reconcile(self) -> None:
        orders.reconcile(at=self.at, rate=1e6)

    def wait(self) -> None:
        self._move(timedelta(seconds=self.chance.choice(STEPS)))
        if self.chance.random() < 0.7:
            self.gateway.expire()

    def statement(self) -> None:
        with suppress(GatewayUnclear, GatewayRefused, OSError, ValueError):
            if self.chance.random() < 0.3:
                orders.daily_statement(at=self.at)
            else:
                orders.check_day(day=self.chance.choice(self.days()), at=self.at)

    def change_price(self) -> None:
        """Whoever orders a title again now has two orders of it, and may pay both."""
        movie = self.chance.choice(self.movies)
        movie.price += Decimal("0.01")
        movie.save(update_fields=["price"])

    def change_application(self) -> None:
        """The site's settings name the other application for new payments; the one before is an earlier one."""
        use_application(self.gateway, OTHER_APP if settings.ALIPAY_APP_ID == APP else APP)

    def new_coupon(self) -> None:
        self.coupons.append(
            Coupon.objects.create(
                code=f"C{self.chance.getrandbits(40)}", kind=self.chance.choice(["percent", "amount"]),
                value=Decimal(self.chance.randint(1, 90)), limit=self.chance.choice([None, 1, 2]),
                starts_at=self.at - timedelta(days=1),
            )
        )  # fmt: skip

    def end_coupon(self) -> None:
        if self.coupons:
            coupon = self.chance.choice(self.coupons)
            Coupon.objects.filter(pk=coupon.pk).update(ends_at=self.at)

    def at_once(self) -> None:
        """The same money, from several sides at the same moment."""
        trade, order, payment = self._trade(), self._order(), self._payment()
        calls: list[Callable[[], Any]] = [lambda: orders.reconcile(at=self.at, rate=1e6)]
        if trade:
            body = self.gateway.notification(trade)
            calls += [lambda: orders.receive(body=body, address=None, at=self.at)] * 2
        if order:
            calls.append(lambda: self._quietly(lambda: orders.close(order=order, at=self.at, tries=1)))
            calls.append(lambda: orders.cancel(order=order, at=self.at))
            calls.append(
                lambda: self._quietly(lambda: orders.pay_from_wallet(order=order, user=order.user, at=self.at))
            )
        if payment and payment.amount > payment.refunded:

            def back() -> None:
                row = orders.refund(payment=payment, amount=Decimal("0.01"), reason="x", by=None, at=self.at)
                orders.execute_refund(refund=row, at=self.at)

            calls += [lambda: self._quietly(back)] * 2
        together(self.chance.sample(calls, min(4, len(calls))))

    # --- Within ---------------------------------------------------------------------------------------

    def _quietly(self, call: Callable[[], Any]) -> None:
        with suppress(orders.UnableToPay, wallet.NotEnoughMoney, GatewayUnclear, orders.UnableToRefund):
            call()

    def _send(self, body: bytes, *, again: bool = False) -> None:
        if not again:
            self.kept.append(body)
        verdict = orders.receive(body=body, address="203.0.113.1", at=self.at).verdict
        assert verdict in {Notification.Verdict.SETTLED, Notification.Verdict.NOTED}, verdict

    def _user(self) -> User:
        return self.chance.choice(self.users)

    def _order(self, *, unpaid: bool = False) -> Order | None:
        """Any of them, mostly a recent one; mostly one that can still be paid where it is to be `unpaid`."""
        if not self.orders:
            return None
        recent = self.orders[-12:] if self.chance.random() < 0.7 else self.orders
        if unpaid and self.chance.random() < 0.8:
            recent = list(Order.objects.open().filter(pk__in=recent).values_list("pk", flat=True)) or recent
        return Order.objects.select_related("user", "movie").get(pk=self.chance.choice(recent))

    def _trade(self, *, unpaid: bool = False) -> Trade | None:
        """As `_order`."""
        trades = list(self.gateway.trades.values())
        if not trades:
            return None
        recent = trades[-12:] if self.chance.random() < 0.7 else trades
        if unpaid and self.chance.random() < 0.8:
            recent = [trade for trade in trades if trade.status == "WAIT_BUYER_PAY"] or recent
        return self.chance.choice(recent)

    def _payment(self) -> Payment | None:
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
