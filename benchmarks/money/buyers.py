"""What buyers do: order, pay rightly and wrongly, cancel, delete their account."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

from django.db import transaction

from apps.orders import services as orders
from apps.orders.gateways import GatewayUnclear
from apps.users import services as users
from apps.wallet import services as wallet
from benchmarks.money.world import World


def place(world: World) -> None:
    user, what = world.user(), world.chance.random()
    with suppress(orders.UnableToPlaceOrder, orders.CouponRefused):
        if what < 0.25:
            amount = Decimal(world.chance.randint(100, 6000)) / 100
            order = orders.place_top_up(user=user, amount=amount, at=world.at)
        elif what < 0.6:
            code = world.chance.choice(world.coupons).code if world.coupons and world.chance.random() < 0.5 else ""
            order = orders.place_order(user=user, item=world.chance.choice(world.plans), at=world.at, code=code)
        else:
            order = orders.place_order(user=user, item=world.chance.choice(world.movies), at=world.at)
        if order.pk not in world.orders:
            world.orders.append(order.pk)


def go(world: World) -> None:
    if order := world.order(unpaid=True):
        with suppress(orders.UnableToPay):
            phone = world.chance.random() < 0.5
            url = orders.pay_by_gateway(order=order, phone=phone, site="http://testserver/", at=world.at)
            world.urls[order.pk] = url
            if world.chance.random() < 0.9:
                world.gateway.open(url)


def pay(world: World) -> None:
    """Paid, and mostly told at once."""
    if (trade := world.trade(unpaid=True)) and world.gateway.pay(trade) and world.chance.random() < 0.6:
        world.send(world.gateway.notification(trade))


def pay_wrongly(world: World) -> None:
    """Another amount, or too late."""
    if trade := world.trade(unpaid=True):
        off = Decimal(world.chance.choice(["-0.01", "1.00", "-5.00", "0.00"]))
        world.gateway.pay(trade, amount=max(trade.amount + off, Decimal("0.01")), forced=True)


def pay_twice(world: World) -> None:
    if (trade := world.trade()) and trade.paid_at:
        again = world.gateway.pay_again(trade)
        if world.chance.random() < 0.5:
            world.send(world.gateway.notification(again))


def pay_from_wallet(world: World) -> None:
    if order := world.order(unpaid=True):
        with suppress(orders.UnableToPay, wallet.NotEnoughMoney):
            orders.pay_from_wallet(order=order, user=order.user, at=world.at)


def cancel(world: World) -> None:
    if order := world.order():
        orders.cancel(order=order, at=world.at)


def close(world: World) -> None:
    if order := world.order():
        with suppress(GatewayUnclear):
            orders.close(order=order, at=world.at, tries=1)


def ask(world: World) -> None:
    if order := world.order():
        orders.run_query(order_id=order.pk, at=world.at)


def new_user(world: World) -> None:
    world.users.append(world.make_user())


def delete(world: World) -> None:
    user = world.user()
    with transaction.atomic():
        users.deletion.delete_account(user=user, at=world.at)
    world.users.remove(user)
    world.deleted[user.pk] = world.at
    if len(world.users) < 5:
        world.users.append(world.make_user())
