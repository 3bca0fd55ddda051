"""What happens at once: many threads with the same money."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from threading import Barrier
from typing import Any

from django.db import connections
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from apps.orders import services
from apps.orders.models import Coupon, Notification, Payment, Purchase
from apps.users.models import Membership, User
from apps.wallet import services as wallet
from apps.wallet.models import Wallet
from tests.cashier import body
from tests.factories import make_paid_movie, make_plan, make_sale
from tests.orders.driver.steps import fresh_user, notify, outcome, paid_order, till


def at_once(threads: int, calls: list[Callable[[], Any]]) -> Counter[str]:
    """Every call once, from so many threads that begin together; how often each outcome came."""
    start = Barrier(threads)
    shares = [calls[n::threads] for n in range(threads)]

    def work(share: list[Callable[[], Any]]) -> list[str]:
        start.wait()
        try:
            return [str(call()) for call in share]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return Counter(outcome for found in pool.map(work, shares) for outcome in found)


def notifications() -> dict[str, Any]:
    """200 copies of one notification from 8 threads."""
    user = fresh_user()
    order, notification = paid_order(user, make_plan())
    answers = at_once(8, [lambda: notify(notification)] * 200)
    return {"answers": answers, **outcome(order), "kept": Notification.objects.filter(order=order).count()}


def purchases() -> dict[str, Any]:
    """100 purchases at 5 yuan at once, out of a wallet with 150.00."""
    user = fresh_user()
    services_at = timezone.now()
    Membership.objects.create(user=user, starts_at=services_at, ends_at=services_at + timedelta(days=1))
    make_sale(user=user, amount="150.00")
    movies = [make_paid_movie() for _ in range(100)]

    def buy(movie: Any) -> str:
        order = services.place_order(user=user, item=movie, at=timezone.now())
        try:
            return str(services.pay_from_wallet(order=order, user=user, at=timezone.now()).state)
        except wallet.NotEnoughMoney:
            return "not enough"

    answers = at_once(8, [lambda movie=movie: buy(movie) for movie in movies])
    row = Wallet.objects.get(user=user)
    steps = list(row.entries.order_by("pk").values_list("amount", "balance_after"))
    return {
        "answers": answers,
        "owned": Purchase.objects.filter(user=user, held=True).count(),
        "balance": str(row.balance),
        "sum": str(row.entries.aggregate(n=Sum("amount"))["n"]),
        "unbroken": all(after == before + amount for (_, before), (amount, after) in pairwise(steps)),
    }


def one_title() -> dict[str, Any]:
    """The same title bought and the same order paid from the wallet by 40 clicks at once."""
    user, movie = fresh_user(), make_paid_movie()
    make_sale(user=user, amount="100.00")

    def click() -> str:
        try:
            order = services.place_order(user=user, item=movie, at=timezone.now())
            return str(services.pay_from_wallet(order=order, user=user, at=timezone.now()).state)
        except (services.AlreadyOwned, services.UnableToPay) as error:
            return type(error).__name__

    answers = at_once(8, [click] * 40)
    row = Wallet.objects.get(user=user)
    owned = Purchase.objects.filter(user=user, held=True).count()
    return {"owned": owned, "balance": str(row.balance), "paid": answers["fulfilled"] > 0}


def together() -> dict[str, Any]:
    """Notification, return, check, the order's page and reconciliation at the same moment, many times over."""
    rounds = []
    for _ in range(8):
        user = fresh_user()
        order, notification = paid_order(user, make_plan())
        clients = [Client() for _ in range(3)]
        for client in clients:
            client.force_login(user)
        number = order.number
        calls: list[Callable[[], Any]] = [
            lambda: notify(notification),  # noqa: B023  (used up within this round)
            lambda: clients[0].get(f"/order/return/?out_trade_no={number}").status_code,  # noqa: B023
            lambda: clients[1].post("/order/check/", {"order": number}).json()["res"],  # noqa: B023
            lambda: clients[2].get(f"/order/{number}/").status_code,  # noqa: B023
            lambda: services.reconcile(at=timezone.now(), rate=1000).unclear,
            lambda: services.query_order(order=order, at=timezone.now()).state,  # noqa: B023
        ]
        at_once(6, calls)
        check = clients[1].post("/order/check/", {"order": number}).json()["res"]
        rounds.append({**outcome(order), "check": check})
    return {"rounds": rounds}


def coupons() -> dict[str, Any]:
    """40 users at once take a coupon that is good for 7 uses."""
    plan, code = make_plan(), f"C{timezone.now().timestamp()}".replace(".", "")
    Coupon.objects.create(code=code, kind="percent", value=Decimal(50), limit=7)
    users = [fresh_user() for _ in range(40)]

    def take(user: User) -> str:
        try:
            return str(services.place_order(user=user, item=plan, at=timezone.now(), code=code).amount)
        except services.CouponRefused:
            return "refused"

    return {"answers": at_once(8, [lambda user=user: take(user) for user in users])}


def refunds() -> dict[str, Any]:
    """A refund of the whole payment, asked for by eight administrators at once."""
    user = fresh_user()
    order, notification = paid_order(user, make_plan())
    notify(notification)
    payment = Payment.objects.get(order=order)

    def send_back() -> str:
        try:
            row = services.refund(payment=payment, amount=payment.amount, reason="x", by=None, at=timezone.now())
        except services.UnableToRefund:
            return "refused"
        return str(services.execute_refund(refund=row, at=timezone.now()).state)

    answers = at_once(8, [send_back] * 16)
    return {"answers": answers, **outcome(order), "back": str(till().cashier.store.refunded(payment.trade_no))}


def console() -> dict[str, Any]:
    """15 of 25 yuan sent back in the gateway's console, told 24 times while we send the other 10 back."""
    rounds = []
    for _ in range(4):
        order, notification = paid_order(fresh_user(), make_plan())
        notify(notification)
        payment = Payment.objects.get(order=order)
        store, trade_no = till().cashier.store, payment.trade_no
        store.refund(trade_no, f"{trade_no}-console", Decimal("15.00"), at=timezone.now())

        def tell() -> str:
            return notify(body(till().notification(store.get(trade_no))))  # noqa: B023  (used up within this round)

        def send_back() -> str:
            row = services.refund(payment=payment, amount=Decimal("10.00"), reason="x", by=None, at=timezone.now())  # noqa: B023
            return str(services.execute_refund(refund=row, at=timezone.now()).state)

        answers = at_once(8, [tell] * 12 + [send_back] + [tell] * 12)
        payment.refresh_from_db()
        rows = sorted(str(amount) for amount in payment.refunds.values_list("amount", flat=True))
        rounds.append({"answers": answers, **outcome(order), "rows": rows, "back": str(payment.refunded)})
    return {"rounds": rounds}
