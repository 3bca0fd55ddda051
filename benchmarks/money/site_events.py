"""What the site does and its administrators, and how time passes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from apps.orders import services as orders
from apps.orders.gateways import GatewayRefused, GatewayUnclear
from apps.orders.models import Coupon
from apps.wallet import services as wallet
from benchmarks.money.faults import together
from benchmarks.money.gateway import APP, OTHER_APP
from benchmarks.money.world import World, use_application

STEPS = [1, 5, 30, 61, 61, 61, 300, 300, 900, 1801, 4000, 20_000]  # seconds


def refund(world: World) -> None:
    """An administrator sends money back, whole or in part."""
    payment = world.payment()
    if payment is None:
        return
    share = world.chance.choice(["1", "1", "0.5", "0.333", "1.5"])
    amount = ((payment.amount - payment.refunded) * Decimal(share)).quantize(Decimal("0.01"))
    with suppress(orders.UnableToRefund):
        row = orders.refund(payment=payment, amount=amount, reason="x", by=None, at=world.at)
        orders.execute_refund(refund=row, at=world.at)


def reconcile(world: World) -> None:
    orders.reconcile(at=world.at, rate=1e6)


def wait(world: World) -> None:
    world.move(timedelta(seconds=world.chance.choice(STEPS)))
    if world.chance.random() < 0.7:
        world.gateway.expire()


def statement(world: World) -> None:
    with suppress(GatewayUnclear, GatewayRefused, OSError, ValueError):
        if world.chance.random() < 0.3:
            orders.daily_statement(at=world.at)
        else:
            orders.check_day(day=world.chance.choice(world.days()), at=world.at)


def change_price(world: World) -> None:
    """A buyer who orders the title again has two orders of it, and may pay both."""
    movie = world.chance.choice(world.movies)
    movie.price += Decimal("0.01")
    movie.save(update_fields=["price"])


def change_application(world: World) -> None:
    """The site's settings name the other application for new payments; the one before is an earlier one."""
    use_application(world.gateway, OTHER_APP if settings.ALIPAY_APP_ID == APP else APP)


def new_coupon(world: World) -> None:
    world.coupons.append(
        Coupon.objects.create(
            code=f"C{world.chance.getrandbits(40)}", kind=world.chance.choice(["percent", "amount"]),
            value=Decimal(world.chance.randint(1, 90)), limit=world.chance.choice([None, 1, 2]),
            starts_at=world.at - timedelta(days=1),
        )
    )  # fmt: skip


def end_coupon(world: World) -> None:
    if world.coupons:
        coupon = world.chance.choice(world.coupons)
        Coupon.objects.filter(pk=coupon.pk).update(ends_at=world.at)


def at_once(world: World) -> None:
    """The same money, from several sides at the same moment."""
    trade, order, payment = world.trade(), world.order(), world.payment()
    calls: list[Callable[[], Any]] = [lambda: orders.reconcile(at=world.at, rate=1e6)]
    if trade:
        body = world.gateway.notification(trade)
        calls += [lambda: orders.receive(body=body, address=None, at=world.at)] * 2
    if order:
        calls.append(lambda: _quietly(lambda: orders.close(order=order, at=world.at, tries=1)))
        calls.append(lambda: orders.cancel(order=order, at=world.at))
        calls.append(lambda: _quietly(lambda: orders.pay_from_wallet(order=order, user=order.user, at=world.at)))
    if payment and payment.amount > payment.refunded:

        def back() -> None:
            row = orders.refund(payment=payment, amount=Decimal("0.01"), reason="x", by=None, at=world.at)
            orders.execute_refund(refund=row, at=world.at)

        calls += [lambda: _quietly(back)] * 2
    together(world.chance.sample(calls, min(4, len(calls))))


def _quietly(call: Callable[[], Any]) -> None:
    with suppress(orders.UnableToPay, wallet.NotEnoughMoney, GatewayUnclear, orders.UnableToRefund):
        call()
