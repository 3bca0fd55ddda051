"""Money in the administration: refunds, revenue, exports, memberships by hand."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from celery import current_app
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from apps.orders import services
from apps.orders.models import Coupon, Order, OrderState, Payment, Refund
from apps.users import services as users
from apps.users.models import AuditEntry, Membership
from tests.factories import make_paid_movie, make_plan, make_sale, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def _sale(**user) -> Order:
    return make_sale(user=make_user(**user), item=make_plan())


def _refund(admin, order: Order, amount: str, reason: str = "协商一致"):
    payment = order.payments.get()
    address = reverse("admin:orders_order_refund", args=[order.pk])
    return admin.post(address, {"payment": payment.pk, "amount": amount, "reason": reason})


def test_a_refund_is_asked_for_once_with_its_reason_and_written_down(admin, till):
    order = _sale()
    page = admin.get(reverse("admin:orders_order_refund", args=[order.pk])).content.decode()
    assert 'value="25.00"' in page
    for _ in range(2):  # the second one finds nothing left
        _refund(admin, order, "25.00")
    row = Refund.objects.get()
    assert row.state == Refund.State.REQUESTED
    # the trade is unknown to the cashier: it refuses, and nothing is taken back
    current_app.tasks["orders.carry_out"].apply(kwargs={"refund_id": row.pk}).get()
    row.refresh_from_db()
    assert (row.amount, row.reason, row.state) == (Decimal("25.00"), "协商一致", Refund.State.FAILED)
    assert users.is_member(user=order.user, at=timezone.now())
    assert "协商一致" in AuditEntry.objects.filter(action="orders_order_refund").earliest("at").details
    assert row.failure in admin.get(reverse("admin:orders_order_refund", args=[order.pk])).content.decode()


def test_only_a_post_of_permitted_staff_asks_the_gateway(client, django_capture_on_commit_callbacks):
    order = _sale()
    Order.objects.filter(pk=order.pk).update(sent_at=timezone.now())
    address, page = (reverse(f"admin:orders_order_{name}", args=[order.pk]) for name in ("check_status", "change"))
    staff = make_user(is_staff=True)
    client.force_login(staff)
    for codename, may in (("view_order", False), ("change_order", True)):
        staff.user_permissions.add(Permission.objects.get(codename=codename))
        assert (address in client.get(page).content.decode()) is may
        assert client.get(address).status_code == 405
        with django_capture_on_commit_callbacks() as sent:
            assert client.post(address).status_code == (302 if may else 403)
        assert len(sent) == may


@pytest.mark.parametrize(
    ("amount", "reason"), [("25.01", "x"), ("0", "x"), ("0.001", "x"), ("-1", "x"), ("", "x"), ("1", ""), ("1e9", "x")]
)
def test_a_refund_that_can_not_be_is_refused_with_a_reason(admin, amount, reason):
    order = _sale()
    answer = _refund(admin, order, amount, reason)
    assert answer.status_code == 400
    assert not Refund.objects.exists()
    assert "errorlist" in answer.content.decode() or "text-red" in answer.content.decode()


def test_refunding_takes_the_right_to_refund(client):
    order, staff = _sale(), make_user(is_staff=True)
    client.force_login(staff)
    assert _refund(client, order, "1.00").status_code == 403
    for name in ("orders_order_revenue", "orders_order_export_all", "orders_order_changelist"):
        assert client.get(reverse(f"admin:{name}")).status_code == 403
    client.logout()
    assert _refund(client, order, "1.00").status_code == 302
    assert not Refund.objects.exists()


def test_an_order_that_is_none_is_not_found(admin):
    for wrong in ("999999", "abc"):
        assert admin.get(reverse("admin:orders_order_refund", args=[wrong])).status_code == 404
        assert admin.post(reverse("admin:orders_order_check_status", args=[wrong])).status_code == 404


def test_orders_are_found_by_what_a_buyer_can_tell(admin):
    order, other = _sale(username="买家", email="b@example.com"), _sale()
    address = reverse("admin:orders_order_changelist")
    for wanted in (order.number, "买家", "b@example.com", order.payments.get().trade_no):
        page = admin.get(address, {"q": wanted}).content.decode()
        assert order.number in page
        assert other.number not in page
    assert order.number in admin.get(address, {"state__exact": "fulfilled"}).content.decode()
    assert order.number not in admin.get(address, {"state__exact": "pending"}).content.decode()
    assert order.number not in admin.get(address, {"waiting": "1"}).content.decode()
    Payment.objects.filter(order=order).update(flag="twice")
    assert order.number in admin.get(address, {"waiting": "1"}).content.decode()


def test_revenue_adds_up(admin):
    movie, plan, user = make_paid_movie(title="长夜"), make_plan(name="年卡"), make_user()
    make_sale(user=user, item=plan)
    make_sale(user=user, item=movie)
    make_sale(user=user, amount="30.10")
    other = make_paid_movie()
    services.pay_from_wallet(
        order=services.place_order(user=user, item=other, at=timezone.now()), user=user, at=timezone.now()
    )
    wrong = make_sale(user=make_user(), item=plan)
    Payment.objects.filter(order=wrong).update(flag="twice")
    today = timezone.localdate()
    told = services.revenue(first=today, last=today)
    assert (told.sales, told.top_ups, told.back, told.unclaimed) == (Decimal("35.00"), Decimal("30.10"), Decimal(0), 1)
    assert told.received == Decimal("25.00") + Decimal("5.00") + Decimal("30.10")
    back = Payment.objects.get(order__movie=other)
    services.refund(payment=back, amount=Decimal("5.00"), reason="x", by=None, at=timezone.now())
    told = services.revenue(first=today, last=today)
    assert [(row.name, row.count, row.came, row.back) for row in told.plans] == [("年卡", 1, Decimal(25), Decimal(0))]
    assert {(row.name, row.came, row.back) for row in told.titles} == {
        ("长夜", Decimal("5.00"), Decimal(0)), (other.title, Decimal("5.00"), Decimal("5.00")),
    }  # fmt: skip
    assert services.revenue(first=today - timedelta(days=2), last=today - timedelta(days=1)).sales == 0
    page = admin.get(reverse("admin:orders_order_revenue"))
    chart = json.loads(page.context["charts"]["days"])
    assert [series["data"][-1] for series in chart["datasets"]] == ["25.00", "10.00", "30.10", "-5.00"]
    assert [series["label"] for series in chart["datasets"]] == ["VIP", "影片", "充值", "退款"]
    assert "¥35.00" in page.content.decode()


def test_a_day_is_the_sites_day(settings):
    sale = _sale()
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    Payment.objects.filter(order=sale).update(paid_at=midnight)
    days = services.revenue(first=midnight.date() - timedelta(days=1), last=midnight.date()).days
    assert [day.sales for day in days] == [Decimal(0), Decimal("25.00")]


@pytest.mark.parametrize(
    "span", ["first=2026-01-02&last=2026-01-01", "first=x&last=y", "first=2000-01-01&last=2026-01-01"]
)
def test_a_span_that_is_none_is_refused(admin, span):
    page = admin.get(f"{reverse('admin:orders_order_revenue')}?{span}")
    assert page.status_code == 400
    assert 'role="alert"' in page.content.decode()


def test_the_export_holds_what_the_list_holds(admin):
    order, other = _sale(username="=cmd()"), _sale()
    Order.objects.filter(pk=other.pk).update(state=OrderState.REFUNDED, refunded_at=timezone.now())
    answer = admin.get(f"{reverse('admin:orders_order_export_all')}?state__exact=fulfilled")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["订单号"] for row in rows] == [order.number]
    assert (rows[0]["用户"], rows[0]["金额"], rows[0]["状态"]) == ("'=cmd()", "25.00", "已支付")
    chosen = {"action": "export", "_selected_action": [other.pk]}
    answer = admin.post(reverse("admin:orders_order_changelist"), chosen)
    assert other.number in b"".join(answer.streaming_content).decode()


def test_vip_by_hand_extends_and_is_written_down(admin):
    user = make_sale(user=make_user(), item=make_plan()).user
    before = users.membership_end(user=user, at=timezone.now())
    add = reverse("admin:users_membership_add")
    for wrong in ({"days": 0}, {"days": "x"}, {"reason": ""}, {"user": ""}):
        assert admin.post(add, {"user": user.pk, "days": 7, "reason": "补偿", **wrong}).status_code == 200
    assert admin.post(add, {"user": user.pk, "days": 7, "reason": "补偿卡顿"}).status_code == 302
    assert users.membership_end(user=user, at=timezone.now()) == before + timedelta(days=7)
    entry = AuditEntry.objects.filter(action="users_membership_add").latest("pk")
    assert user.username in entry.details
    gift = Membership.objects.get(reason="补偿卡顿")
    assert admin.post(reverse("admin:users_membership_delete", args=[gift.pk]), {"post": "yes"}).status_code == 302
    assert users.membership_end(user=user, at=timezone.now()) == before


def test_offers_that_were_sold_stay(admin):
    plan = make_plan()
    coupon = Coupon.objects.create(code="HALLO", kind="amount", value=Decimal(5))
    services.place_order(user=make_user(), item=plan, at=timezone.now(), code="HALLO")
    for name, row in (("plan", plan), ("coupon", coupon)):
        address = reverse(f"admin:orders_{name}_delete", args=[row.pk])
        assert admin.post(address, {"post": "yes"}).status_code == 403
    listed = admin.get(reverse("admin:orders_coupon_changelist")).content.decode()
    assert "¥5.00" in listed
    wrong = {
        "code": "X",
        "kind": "percent",
        "value": "101",
        "limit_per_user": 1,
        "starts_at_0": "2026-01-01",
        "starts_at_1": "0:00",
    }
    page = admin.post(reverse("admin:orders_coupon_add"), wrong)
    assert page.status_code == 200
    assert not Coupon.objects.filter(code="X").exists()
