"""What the gateway does, and what forgers do in its name."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import parse_qsl, urlencode

from apps.orders import services as orders
from benchmarks.money.faults import FAULTS
from benchmarks.money.gateway import APP, FOREIGN_APP, FOREIGN_SELLER, OTHER_APP
from benchmarks.money.world import World


def notify(world: World) -> None:
    if trade := world.trade():
        for _ in range(world.chance.choice([1, 1, 1, 2, 5])):
            world.send(world.gateway.notification(trade))


def replay(world: World) -> None:
    """An old one, out of order."""
    if world.kept:
        world.send(world.chance.choice(world.kept), again=True)


def forge(world: World) -> None:
    """Altered after it was signed, or signed by a stranger."""
    if not (trade := world.trade()):
        return
    if world.chance.random() < 0.4:
        content = world.gateway.notification(trade, key=world.gateway.stranger, trade_status="TRADE_SUCCESS")
    else:
        params = dict(parse_qsl(world.gateway.notification(trade).decode()))
        name = world.chance.choice(sorted(params))
        other = world.order()
        value = other.number if other and name == "out_trade_no" and other.number != params[name] else "1.00"
        if params[name] == value:
            return
        content = world.chance.choice([
            urlencode({**params, name: value}),
            urlencode([*params.items(), (name, value)]),  # once as signed, once not
            urlencode([(name, value), *params.items()]),
            urlencode({**params, "sign_type": world.chance.choice(["RSA", "MD5", "rsa2", "", "RSA2 "])}),
            urlencode({**params, "extra": "1"}),
            urlencode({**params, "sign": params["sign"] + " "}),
            urlencode({**params, "subject": "月卡"}, encoding="gbk"),
        ]).encode()  # fmt: skip
    told = orders.receive(body=content, address="192.0.2.1", at=world.at)
    assert told.verdict in {"forged", "malformed"}, told.verdict


def foreign(world: World) -> None:
    """Signed by the gateway for another application or seller, or about another's order."""
    if trade := world.trade():
        changed = world.chance.choice(
            [{"app_id": FOREIGN_APP}, {"seller_id": FOREIGN_SELLER}, {"out_trade_no": "2026112799999999"}]
        )
        claimed = {"trade_status": "TRADE_SUCCESS", "gmt_payment": "2026-11-27 10:00:00", **changed}
        body = world.gateway.notification(trade, **claimed)
        assert orders.receive(body=body, address=None, at=world.at).verdict in {"foreign", "unknown"}


def junk(world: World) -> None:
    content = world.chance.randbytes(world.chance.randint(0, 400))
    assert orders.receive(body=content, address="192.0.2.2", at=world.at).verdict in {"forged", "malformed"}


def pay_strangely(world: World) -> None:
    """An order paid through an application that it wasn't sent through."""
    order = world.order()
    if order and order.app_id:
        app = APP if order.app_id == OTHER_APP else OTHER_APP
        trade = world.gateway.pay_strangely(order.number, order.amount, app)
        if world.chance.random() < 0.6:
            world.send(world.gateway.notification(trade))


def console(world: World) -> None:
    """A refund in the gateway's console, whole or in part, told or not."""
    trade = world.trade()
    if trade and trade.paid_at and trade.amount > trade.back:
        left = trade.amount - trade.back
        part = max((left / 3).quantize(Decimal("0.01")), Decimal("0.01"))
        steps = world.chance.choice([[left], [left], [part], [part, part], [Decimal("0.01")] * 4])
        for amount in steps:
            done = world.gateway.send_back(trade, f"C{world.chance.getrandbits(60)}", amount)
            if done and world.chance.random() < 0.7:
                world.send(world.gateway.notification(trade))


def finish(world: World) -> None:
    if world.chance.random() < 0.3 and (trade := world.trade()):
        world.gateway.finish(trade)


def fault(world: World) -> None:
    """One of the next calls goes wrong."""
    world.gateway.faults.append(world.chance.choice(FAULTS))
