"""What strangers send to the payment addresses: answered, counted, and not kept for ever."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.orders import services
from apps.orders.models import Coupon, Notification
from tests.cashier import body
from tests.factories import make_user
from tests.orders.steps import pay_url

pytestmark = pytest.mark.django_db

FORGED = b"app_id=1&out_trade_no=2&sign_type=RSA2&sign=AAAA"


def forge(address: str = "192.0.2.1", *, at=None, content: bytes = FORGED) -> Notification:
    return services.receive(body=content, address=address, at=at or timezone.now())


def test_of_many_forged_notifications_few_are_kept_and_little_of_each(till, plan):
    for _ in range(60):
        assert forge(content=FORGED + b"&x=" + b"y" * 30_000).verdict == Notification.Verdict.FORGED
    assert Notification.objects.count() == 50
    assert max(len(row.body) for row in Notification.objects.all()) == 2048
    for number in range(300):
        forge(f"192.0.2.{number % 20 + 2}")
    assert Notification.objects.count() == 200
    forge(at=timezone.now() + timedelta(hours=2))
    assert Notification.objects.count() == 201


def test_the_gateways_own_is_kept_and_believed_however_many_forged_ones_come(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.pay(pay_url(order))
    for _ in range(60):
        forge("127.0.0.1")
    told = services.receive(body=body(till.notification(trade)), address="127.0.0.1", at=timezone.now())
    assert (told.verdict, told.pk is not None) == (Notification.Verdict.SETTLED, True)


def test_forged_ones_are_forgotten_after_a_week_and_true_ones_never(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.pay(pay_url(order))
    true = services.receive(body=body(till.notification(trade)), address=None, at=timezone.now() - timedelta(days=30))
    old = forge(at=timezone.now() - timedelta(days=8))
    young = forge(at=timezone.now() - timedelta(days=6))
    new = forge()
    assert set(Notification.objects.values_list("pk", flat=True)) == {true.pk, young.pk, new.pk}
    assert old.pk not in {true.pk, young.pk, new.pk}


def test_behind_a_proxy_each_sender_has_an_allowance_of_its_own(till, client, settings):
    """The proxy's own address would be everybody's: forged ones of one sender would push out those of all others."""
    settings.TRUSTED_PROXIES = ["127.0.0.1/32"]
    for address in ("203.0.113.7", "2001:db8::1", "192.0.2.1, 203.0.113.8"):
        headers = {"X-Forwarded-For": address}
        client.post(reverse("orders:notify"), FORGED, "application/x-www-form-urlencoded", headers=headers)
    client.post(reverse("orders:notify"), FORGED, "application/x-www-form-urlencoded", REMOTE_ADDR="")
    kept = list(Notification.objects.order_by("pk").values_list("address", flat=True))
    assert kept == ["203.0.113.7", "2001:db8::1", "203.0.113.8", None]


@pytest.fixture
def coupon(db) -> Coupon:
    return Coupon.objects.create(code="SPRING", kind=Coupon.Kind.AMOUNT, value=Decimal(5), limit_per_user=5)


@pytest.mark.parametrize("signed_in", [True, False])
def test_guessing_codes_ends_and_a_right_one_is_then_not_told_from_the_wrong(client, plan, coupon, signed_in):
    if signed_in:
        client.force_login(make_user())
    page = reverse("orders:vip")
    for number in range(20):
        assert client.get(page, {"coupon": f"GUESS{number}"}).context["coupon_error"]
    refused = client.get(page, {"coupon": "SPRING"}).context
    assert refused["coupon_error"] == client.get(page, {"coupon": "GUESS99"}).context["coupon_error"]
    assert all(offer.off == 0 for offer in refused["offers"])
    if signed_in:
        form = {"plan": plan.pk, "coupon": "SPRING"}
        assert client.post(reverse("orders:commit"), form).json()["res"] == 10
        client.force_login(make_user())  # somebody else is not held up
        assert client.post(reverse("orders:commit"), form).json()["res"] == 0


def test_a_right_code_may_be_tried_any_number_of_times(client, plan, coupon):
    for _ in range(30):
        assert client.get(reverse("orders:vip"), {"coupon": "spring"}).context["offers"][0].off == 5
