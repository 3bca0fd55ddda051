"""What happens at once, or half, in a process of its own: `python -m tests.orders.driver FILE`.

The database is DATABASE_URL, empty; the gateway is the cashier at CASHIER_URL. What came out goes to FILE as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from threading import Barrier
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streamsite.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.db.models import Sum  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import override_settings, setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

from apps.orders import services  # noqa: E402
from apps.orders.gateways.cashier.cashier import Cashier  # noqa: E402
from apps.orders.models import Coupon, Notification, Order, Payment, Purchase, Refund  # noqa: E402
from apps.users.models import Membership, User  # noqa: E402
from apps.wallet import services as wallet  # noqa: E402
from apps.wallet.models import Wallet  # noqa: E402
from tests.cashier import Till, body  # noqa: E402
from tests.factories import make_paid_movie, make_plan, make_sale, make_user  # noqa: E402

FORM = "application/x-www-form-urlencoded"
SOON = timedelta(minutes=2)  # reconcile runs a minute ahead here
WRITES = ("INSERT", "UPDATE", "DELETE")
QUICK_PASSWORDS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def till() -> Till:
    folder = Path(settings.CASHIER_DIR)
    cashier = Cashier(
        folder, app_id=settings.ALIPAY_APP_ID, seller_id=settings.ALIPAY_SELLER_ID, url=settings.CASHIER_URL
    )
    return Till(cashier)


def fresh_user() -> User:
    return make_user(username=f"u{timezone.now().timestamp()}")


def paid_order(user: User, item: Any) -> tuple[Order, bytes]:
    """An order paid at the cashier, and the notification that the site has not had yet."""
    order = services.place_order(user=user, item=item, at=timezone.now())
    url = services.pay_by_gateway(order=order, phone=False, site="http://testserver/", at=timezone.now())
    return order, body(till().notification(till().pay(url)))


def notify(notification: bytes) -> str:
    answer = Client().post("/order/notify/", data=notification, content_type=FORM)
    return f"{answer.status_code} {answer.content.decode()}"


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


# --- At once ----------------------------------------------------------------------------------------


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


# --- Half -------------------------------------------------------------------------------------------


@dataclass
class Killer:
    """Kills this process at its nth write: before the database has it, or after."""

    number: int
    after: bool
    seen: int = 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.lstrip().upper().startswith(WRITES):
            return execute(sql, params, many, context)
        self.seen += 1
        if self.seen == self.number and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = execute(sql, params, many, context)
        if self.seen == self.number and self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


def killed(act: Callable[[], Any], number: int, *, after: bool) -> bool:
    """Run `act` in a child that dies at its nth write; False when it came through."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        with connection.execute_wrapper(Killer(number, after)):
            act()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, f"The child failed: {status}."
    return os.WIFSIGNALED(status)


def everywhere(prepare: Callable[[], Any], act: Callable[[Any], Any], look: Callable[[Any], Any]) -> dict[str, Any]:
    """Kill `act` before and after each of its writes, let reconcile put it right, and look."""
    found = []
    for after in (False, True):
        for number in range(1, 60):
            prepared = prepare()
            died = killed(lambda: act(prepared), number, after=after)  # noqa: B023  (run at once)
            services.reconcile(at=timezone.now() + timedelta(seconds=61), rate=1000)
            found.append(look(prepared))
            if not died:
                break
    return {"deaths": len(found) - 2, "outcomes": found}


def settle_dies() -> dict[str, Any]:
    def look(prepared: tuple[Order, bytes]) -> dict[str, Any]:
        order, notification = prepared
        return {"again": notify(notification), **outcome(order)}

    return everywhere(lambda: paid_order(fresh_user(), make_plan()), lambda made: notify(made[1]), look)


def wallet_dies() -> dict[str, Any]:
    def prepare() -> tuple[User, Order]:
        user = fresh_user()
        make_sale(user=user, amount="10.00")
        return user, services.place_order(user=user, item=make_paid_movie(), at=timezone.now())

    def act(made: tuple[User, Order]) -> None:
        services.pay_from_wallet(order=made[1], user=made[0], at=timezone.now())

    def look(made: tuple[User, Order]) -> dict[str, Any]:
        before = (Wallet.objects.get(user=made[0]).balance, Purchase.objects.filter(order=made[1]).count())
        act(made)
        row = Wallet.objects.get(user=made[0])
        total = row.entries.aggregate(n=Sum("amount"))["n"]
        owned = Purchase.objects.filter(order=made[1]).count()
        return {"whole": before in {(10, 0), (0, 1)}, "balance": str(row.balance), "sum": str(total), "owned": owned}  # type: ignore[comparison-overlap]

    return everywhere(prepare, act, look)


def refund_dies() -> dict[str, Any]:
    def prepare() -> Payment:
        order, notification = paid_order(fresh_user(), make_plan())
        notify(notification)
        return Payment.objects.get(order=order)

    def act(payment: Payment) -> None:
        row = services.refund(payment=payment, amount=payment.amount, reason="x", by=None, at=timezone.now())
        services.execute_refund(refund=row, at=timezone.now())

    def look(payment: Payment) -> dict[str, Any]:
        if not Refund.objects.filter(payment=payment).exists():
            act(payment)  # it died before it began: the administrator asks again
        order = Order.objects.get(pk=payment.order_id)
        return {**outcome(order), "back": str(till().cashier.store.refunded(payment.trade_no))}

    return everywhere(prepare, act, look)


def outcome(order: Order) -> dict[str, Any]:
    order.refresh_from_db()
    return {
        "state": str(order.state),
        "payments": Payment.objects.filter(order=order).count(),
        "memberships": Membership.objects.filter(user=order.user, ends_at__gt=timezone.now() + SOON).count(),
    }


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
