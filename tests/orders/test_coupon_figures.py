"""What a coupon takes off, when it is valid, and how often it can be used."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from apps.orders import services
from apps.orders.models import Coupon, Plan
from apps.orders.services.coupons import count_attempt, discount_for
from apps.users.models import User
from tests.factories import make_plan, make_user
from tests.orders.figures import NOON, SECOND, yuan

pytestmark = pytest.mark.django_db


def coupon(**fields: object) -> Coupon:
    values = {"code": "FIRST", "kind": "amount", "value": yuan("5.00"), "starts_at": NOON, **fields}
    return Coupon.objects.create(**values)


def taken_off(
    price: str = "25.00", *, user: User | None = None, at: datetime = NOON, plan: Plan | None = None
) -> Decimal:
    return discount_for(code="first", plan=plan or make_plan(price=yuan(price)), user=user, at=at)[1]


@pytest.mark.parametrize(
    ("kind", "value", "price", "off"),
    [
        ("amount", "5.00", "25.00", "5.00"),
        ("amount", "25.00", "25.00", "24.99"),
        ("amount", "0.01", "25.00", "0.01"),
        ("percent", "20.00", "25.00", "5.00"),
        ("percent", "33.33", "25.00", "8.33"),  # 8.3325
        ("percent", "12.35", "0.99", "0.12"),  # 0.122265
        ("percent", "99.00", "0.09", "0.08"),  # 0.0891
        ("percent", "55.55", "9.99", "5.54"),  # 5.549445: never rounded up
        ("percent", "100.00", "25.00", "24.99"),
    ],
)
def test_what_a_coupon_takes_off(kind, value, price, off):
    coupon(kind=kind, value=yuan(value))
    assert taken_off(price) == yuan(off)


def refused(**asked: object) -> bool:
    try:
        taken_off(**asked)
    except services.CouponRefused:
        return True
    return False


def test_a_coupon_is_valid_from_its_first_moment_and_not_at_its_last():
    coupon(ends_at=NOON + timedelta(hours=1))
    moments = [NOON - SECOND, NOON, NOON + timedelta(hours=1) - SECOND, NOON + timedelta(hours=1)]
    assert [refused(at=at) for at in moments] == [True, False, False, True]


def test_a_coupon_has_uses_in_all_and_for_each():
    row = coupon(limit=3, limit_per_user=2)
    first, second = make_user(), make_user()
    plans = [make_plan(price=yuan(price)) for price in ("25.00", "26.00", "27.00")]
    for plan in plans[:2]:
        assert not refused(user=first, plan=plan)
        services.place_order(user=first, item=plan, at=NOON, code="FIRST")
    assert refused(user=first, plan=plans[2])
    assert not refused(user=second)
    services.place_order(user=second, item=plans[0], at=NOON, code="FIRST")
    assert refused(user=make_user())
    Coupon.objects.filter(pk=row.pk).update(limit=4)
    assert not refused(user=make_user())


def test_a_coupon_for_some_plans_lowers_no_other():
    row, plan = coupon(), make_plan()
    assert not refused(plan=make_plan())
    row.plans.add(plan)
    assert not refused(plan=plan)
    assert refused(plan=make_plan())


def test_twenty_codes_that_are_none_may_be_tried_in_an_hour():
    coupon()
    for number in range(20):
        count_attempt(code=f"GUESS{number}", who="lin")
    for code in ("GUESS20", "FIRST"):
        with pytest.raises(services.CouponRefused):
            count_attempt(code=code, who="lin")
    count_attempt(code="FIRST", who="chen")
