"""What coupons take off, and how often."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from apps.orders import services
from apps.orders.models import Coupon, Plan
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("kind", "value", "amount"),
    [
        ("percent", "20", "20.00"),
        ("percent", "33.33", "16.67"),
        ("percent", "100", "0.01"),
        ("amount", "5.50", "19.50"),
        ("amount", "25.00", "0.01"),
        ("amount", "9999", "0.01"),
    ],
)
def test_what_a_coupon_takes_off(plan, kind, value, amount):
    Coupon.objects.create(code="HALLO", kind=kind, value=Decimal(value))
    order = services.place_order(user=make_user(), item=plan, at=timezone.now(), code=" hallo ")
    assert (order.amount, order.list_price) == (Decimal(amount), Decimal("25.00"))


def test_coupons_have_limits(plan):
    other = Plan.objects.create(name="年", price=Decimal("200.00"), days=365)
    coupon = Coupon.objects.create(code="FIRST", kind="amount", value=Decimal(5), limit=2)
    coupon.plans.add(plan)
    users, at = [make_user() for _ in range(3)], timezone.now()
    with pytest.raises(services.CouponRefused):
        services.place_order(user=users[0], item=other, at=at, code="FIRST")
    first = services.place_order(user=users[0], item=plan, at=at, code="FIRST")
    assert services.place_order(user=users[0], item=plan, at=at, code="first").pk == first.pk
    services.place_order(user=users[1], item=plan, at=at, code="FIRST")
    with pytest.raises(services.CouponRefused):
        services.place_order(user=users[2], item=plan, at=at, code="FIRST")
    services.close(order=first, at=at)  # its use is free again
    services.place_order(user=users[2], item=plan, at=at, code="FIRST")
    for code in ("NONE", ""):
        if code:
            with pytest.raises(services.CouponRefused):
                services.place_order(user=users[0], item=plan, at=at, code=code)
    coupon.ends_at = at
    coupon.limit = None
    coupon.save()
    with pytest.raises(services.CouponRefused):
        services.place_order(user=make_user(), item=plan, at=at, code="FIRST")


def test_a_pasted_code_counts_without_what_cannot_be_seen(plan):
    coupon = Coupon(code=" ｆｉｒｓｔ\u200b", kind="amount", value=Decimal(5), limit_per_user=1)
    coupon.full_clean()
    coupon.save()
    assert coupon.code == "FIRST"
    user, at = make_user(), timezone.now()
    first = services.place_order(user=user, item=plan, at=at, code="\u2060first\u3164")
    assert (first.coupon, first.amount) == (coupon, Decimal("20.00"))
    assert services.place_order(user=user, item=plan, at=at, code="Ｆｉｒｓｔ").pk == first.pk


def test_a_code_that_was_stored_before_is_found(plan):
    Coupon.objects.create(code="ＶＩＰ", kind="amount", value=Decimal(5))
    assert services.place_order(user=make_user(), item=plan, at=timezone.now(), code="ｖｉｐ").amount == Decimal(
        "20.00"
    )
