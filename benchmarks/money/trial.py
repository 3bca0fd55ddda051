"""Batches of random events over one database: settings that lead to the second gateway, a shop for each batch."""

from __future__ import annotations

import logging
import secrets
import traceback
from contextlib import ExitStack
from datetime import datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

from django.conf import settings
from django.test import override_settings

from apps.movies.models import Access, Category, Movie, Status
from apps.orders.gateways import alipay
from apps.orders.models import Coupon, Plan
from apps.users.models import User
from benchmarks.money.books import broken
from benchmarks.money.events import possible
from benchmarks.money.gateway import APP, Gateway
from benchmarks.money.world import World, use_application

_number = count(1)
_run = secrets.token_hex(3)


class Trial:
    """The second gateway, and the site told to be its merchant, while the `with` lasts."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._exits = folder / "second-gateway", ExitStack()

    def __enter__(self) -> Trial:
        self.gateway = Gateway(self.folder, datetime.now().astimezone())
        self.gateway.charges = True
        self._exits.callback(self.gateway.stop)
        self._exits.enter_context(override_settings(PAYMENT_GATEWAY="alipay", REFUND_UNEXPECTED=True, **_as_they_are()))
        use_application(self.gateway, APP)
        pause, alipay.PAUSE = alipay.PAUSE, 0  # faults come by the thousand
        self._exits.callback(setattr, alipay, "PAUSE", pause)
        level = logging.root.manager.disable
        logging.disable(logging.CRITICAL)
        self._exits.callback(logging.disable, level)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._exits.close()

    def batch(self, *, seed: int, at: datetime, events: int) -> tuple[list[str], World]:
        """So many events that begin at `at`, and what is broken after them."""
        self.gateway.trades.clear()
        self.gateway.faults.clear()
        self.gateway.injected.clear()
        self.gateway.strayed.clear()
        world = World(self.gateway, seed, at, make_user, possible())
        world.plans = [_plan("25.00", 30), _plan("7.77", 7), _plan("0.02", 1)]
        world.movies = [_movie("10.00", "5.00"), _movie("3.33", "0.01")]
        world.coupons = [_coupon("percent", "50", None), _coupon("amount", "5", 2), _coupon("percent", "33", 1)]
        try:
            for _ in range(events):
                world.step()
            world.settle_down()
            return broken(world), world
        except Exception:  # the batch is broken, and the report says where
            return [f"after {sum(world.counts.values())} events: {traceback.format_exc()}"], world
        finally:
            Plan.objects.filter(pk__in=[plan.pk for plan in world.plans]).update(on_sale=False)


def _as_they_are() -> dict[str, Any]:
    """The settings that a trial changes, so that they are put back after it."""
    names = [name for name in dir(settings) if name.startswith("ALIPAY_")]
    return {name: getattr(settings, name) for name in names}


def make_user() -> User:
    name = f"{_run}{next(_number)}"
    return User.objects.create(username=name, email=f"{name}@example.com")


def _plan(price: str, days: int) -> Plan:
    return Plan.objects.create(name=f"plan {_run}{next(_number)}", price=Decimal(price), days=days)


def _movie(price: str, member_price: str) -> Movie:
    category = Category.objects.get_or_create(slug="film", defaults={"name": "film"})[0]
    return Movie.objects.create(
        title=f"film {_run}{next(_number)}", category=category, status=Status.PUBLISHED, access=Access.PAID,
        published_at="2025-01-01T00:00:00Z", price=Decimal(price), member_price=Decimal(member_price),
    )  # fmt: skip


def _coupon(kind: str, value: str, limit: int | None) -> Coupon:
    return Coupon.objects.create(
        code=f"{_run.upper()}{next(_number)}", kind=kind, value=Decimal(value), limit=limit,
        starts_at="2025-01-01T00:00:00Z",
    )  # fmt: skip
