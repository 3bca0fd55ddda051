"""What happens half: a process that dies before or after each of its writes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, connections
from django.db.models import Sum
from django.utils import timezone

from apps.orders import services
from apps.orders.models import Order, Payment, Purchase, Refund
from apps.users.models import User
from apps.wallet.models import Wallet
from tests.factories import make_paid_movie, make_plan, make_sale
from tests.orders.driver.steps import fresh_user, notify, outcome, paid_order, till

WRITES = ("INSERT", "UPDATE", "DELETE")


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
