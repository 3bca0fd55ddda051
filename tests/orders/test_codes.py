"""What the site does for each code and sub code of the public tables, unknown ones included, by the signed protocol."""

from __future__ import annotations

import json
import urllib.request
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from apps.orders import services
from apps.orders.gateways import GatewayUnclear, gateway
from apps.orders.gateways.answers import REFUSES_REFUND, members
from apps.orders.gateways.cashier.store import Fault
from apps.orders.models import Coupon, Order, OrderState, Payment, Refund
from apps.users.models import Membership
from tests.factories import make_paid_movie, make_user
from tests.orders.steps import bought, pay_url

pytestmark = pytest.mark.django_db(transaction=True)

NO_ANSWER = ("", "")
PART = Decimal("0.10")  # yuan
# (code, sub code) of the open platform's common table, and codes that it doesn't know
COMMON = [
    ("10003", ""), ("20000", "isp.unknow-error"), ("20000", "aop.unknow-error"), ("20001", "aop.invalid-auth-token"),
    ("20001", "aop.auth-token-time-out"), ("40001", "isv.missing-signature"), ("40002", "isv.invalid-app-id"),
    ("40002", "isv.invalid-signature"), ("40003", "isv.insufficient-isv-permissions"), ("40006", "isv.blocked"),
    ("40004", "ACQ.SYSTEM_ERROR"), ("40004", "AQC.SYSTEM_ERROR"), ("40004", "aop.ACQ.SYSTEM_ERROR"), ("40004", ""),
    ("40004", "ACQ.NOBODY_HEARD_OF_IT"), ("50000", "x"), NO_ANSWER,
]  # fmt: skip
CLOSE = [*COMMON] + [
    ("40004", f"ACQ.{name}")
    for name in (
        "TRADE_STATUS_ERROR", "REASON_TRADE_STATUS_INVALID", "REASON_ILLEGAL_STATUS", "TRADE_NOT_EXIST",
        "INVALID_PARAMETER", "TRADE_HAS_SUCCESS", "TRADE_HAS_CLOSE", "TRADE_HAS_FINISHED",
    )
]  # fmt: skip
# of alipay.trade.refund, as its table stands
REFUND_FINAL = [
    "ALLOC_AMOUNT_VALIDATE_ERROR", "BUYER_ENABLE_STATUS_FORBID", "BUYER_ERROR", "BUYER_NOT_EXIST",
    "CURRENCY_NOT_SUPPORT", "CUSTOMER_VALIDATE_ERROR", "DISCORDANT_REPEAT_REQUEST", "ENTERPRISE_PAY_BIZ_ERROR",
    "INVALID_PARAMETER", "NOT_ALLOW_PARTIAL_REFUND", "ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND",
    "REASON_TRADE_REFUND_FEE_ERR", "REASON_TRADE_STATUS_INVALID", "REFUND_AMT_NOT_EQUAL_TOTAL", "REFUND_FEE_ERROR",
    "TRADE_HAS_CLOSE", "TRADE_HAS_FINISHED", "TRADE_NOT_ALLOW_REFUND", "TRADE_NOT_EXIST", "TRADE_STATUS_ERROR",
    "USER_NOT_MATCH_ERR",
]  # fmt: skip
REFUND_LATER = [
    "SELLER_BALANCE_NOT_ENOUGH", "REASON_TRADE_BEEN_FREEZEN", "REFUND_CHARGE_ERROR", "TRADE_SETTLE_ERROR",
    "REFUND_ACCOUNT_NOT_EXIST", "REFUNDALLOC_UNAUTH_LIMIT", "OVERDRAFT_AGREEMENT_NOT_MATCH",
    "OVERDRAFT_ASSIGN_ACCOUNT_INVALID", "REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST",
]  # fmt: skip


@pytest.fixture(autouse=True)
def healed(till):
    yield
    till.cashier.store.clear_faults()


def _state(order: Order) -> str:
    return Order.objects.get(pk=order.pk).state


def _fail(till, method: str, told: tuple[str, str], number: str, *, done: bool = False, times: int = 9) -> None:
    till.cashier.store.fail(f"alipay.trade.{method}", Fault(*told, done), number=number, times=times)


def test_whatever_a_close_is_refused_with_a_paid_order_is_settled(till, plan):
    """Its notification was lost."""
    orders = {}
    for told in CLOSE:
        order = orders[told] = services.place_order(user=make_user(), item=plan, at=timezone.now())
        till.pay(pay_url(order))
        _fail(till, "close", told, order.number)
    at = timezone.now() + timedelta(minutes=31)
    services.reconcile(at=at, rate=1000)
    assert {told for told, order in orders.items() if _state(order) != OrderState.FULFILLED} == {NO_ANSWER}
    till.cashier.store.clear_faults()
    services.reconcile(at=at + timedelta(minutes=2), rate=1000)
    for told, order in orders.items():
        assert _state(order) == OrderState.FULFILLED, told
        paid, given = Payment.objects.filter(order=order), Membership.objects.filter(user=order.user)
        assert (paid.count(), given.count()) == (1, 1), told


def test_a_close_that_was_refused_leaves_an_unpaid_order_open_until_it_is_clear(till, plan):
    orders, store = {}, till.cashier.store
    for told in CLOSE:
        order = services.place_order(user=make_user(), item=plan, at=timezone.now())
        orders[told] = order, till.open(pay_url(order)).trade_no
        _fail(till, "close", told, order.number)
    at = timezone.now() + timedelta(minutes=31)
    services.reconcile(at=at, rate=1000)
    for told, (order, trade_no) in orders.items():
        assert (_state(order), store.get(trade_no).status) == (OrderState.PENDING, "WAIT_BUYER_PAY"), told
    store.clear_faults()
    services.reconcile(at=at + timedelta(minutes=2), rate=1000)
    for told, (order, trade_no) in orders.items():
        assert (_state(order), store.get(trade_no).status) == (OrderState.CLOSED, "TRADE_CLOSED"), told


@pytest.mark.parametrize("told", COMMON)
def test_a_query_without_a_clear_answer_changes_nothing(till, plan, told):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    till.pay(pay_url(order))
    order.refresh_from_db()
    _fail(till, "query", told, order.number)
    with pytest.raises(GatewayUnclear):
        services.query_order(order=order, at=timezone.now(), tries=1)
    order.refresh_from_db()
    assert order.state == OrderState.PENDING
    till.cashier.store.clear_faults()
    assert services.query_order(order=order, at=timezone.now()).state == OrderState.FULFILLED


def _refund(till, payment: Payment, told: tuple[str, str], *, done: bool) -> Refund:
    """A part of a payment, given back by a gateway that answers so."""
    _fail(till, "refund", told, payment.order.number, done=done)
    row = services.refund(payment=payment, amount=PART, reason="x", by=None, at=timezone.now())
    row = services.execute_refund(refund=row, at=timezone.now())
    till.cashier.store.clear_faults()
    return row


@pytest.mark.parametrize("done", [False, True])
def test_a_refund_without_a_clear_answer_stays_requested_and_is_paid_once(till, plan, done):
    payment = Payment.objects.get(order=bought(till, make_user(), plan))
    unclear = [*COMMON, *(("40004", f"ACQ.{name}") for name in REFUND_LATER)]
    for told in unclear:
        assert _refund(till, payment, told, done=done).state == Refund.State.REQUESTED, told
    services.reconcile(at=timezone.now() + timedelta(minutes=2), rate=1000)
    assert set(payment.refunds.values_list("state", flat=True)) == {Refund.State.DONE}
    assert till.cashier.store.refunded(payment.trade_no) == len(unclear) * PART


@pytest.mark.parametrize("done", [False, True])
def test_a_refund_that_is_refused_for_ever_is_given_up_unless_it_was_done(till, plan, done):
    payment = Payment.objects.get(order=bought(till, make_user(), plan))
    for number, name in enumerate(REFUND_FINAL, 1):
        row = _refund(till, payment, ("40004", f"ACQ.{name}"), done=done)
        assert row.state == (Refund.State.DONE if done else Refund.State.FAILED), name
        payment.refresh_from_db()
        assert payment.refunded == till.cashier.store.refunded(payment.trade_no) == (number * PART if done else 0), name


def test_the_table_of_refusals_is_the_one_that_is_tested():
    assert {f"ACQ.{name}" for name in REFUND_FINAL} == REFUSES_REFUND


def test_stuck_orders_never_starve_a_paid_one(till, plan):
    """1,300 orders whose questions end in nothing, all placed before the one that was paid."""
    user, at = make_user(), timezone.now()
    Order.objects.bulk_create(
        Order(
            number=f"{n:024d}", user=user, kind="plan", plan=plan, subject="VIP", days=30, list_price=plan.price,
            amount=plan.price, created_at=at - timedelta(hours=3), expires_at=at - timedelta(hours=2),
            sent_at=at - timedelta(hours=3), queried_at=at - timedelta(minutes=9),
        )
        for n in range(1300)
    )  # fmt: skip
    order = services.place_order(user=make_user(), item=plan, at=at)
    till.pay(pay_url(order))
    found = services.reconcile(at=at, rate=1000)
    order.refresh_from_db()
    assert order.state == OrderState.FULFILLED
    assert found.queried == 1  # those were asked about nine minutes ago: their turn is after ten


def test_a_gateway_that_is_gone_ends_the_run(plan, till, settings):
    at = timezone.now()
    for _ in range(9):
        pay_url(services.place_order(user=make_user(), item=plan, at=at))
    settings.ALIPAY_GATEWAY_URL = "http://127.0.0.1:9/gateway.do"
    assert services.reconcile(at=at, rate=1000).unclear == 5


def test_an_order_without_an_answer_for_a_day_raises_one_alarm(till, plan, settings, mailed, caplog):
    settings.MONEY_ALARMS_TO = "money@example.com"
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    till.open(pay_url(order))
    for method in ("query", "close"):
        _fail(till, method, ("20000", "isp.unknow-error"), order.number, times=50)
    for hours in (23, 25, 27):
        services.reconcile(at=timezone.now() + timedelta(hours=hours), rate=1000)
    assert [mail.to for mail in mailed] == [["money@example.com"]]
    assert order.number in mailed[0].body
    assert sum(record.levelname == "ERROR" and "without an answer" in record.message for record in caplog.records) == 1
    order.refresh_from_db()
    assert order.state == OrderState.PENDING


@pytest.mark.parametrize(
    "text", ['{"a":{"m":"}"},"sign":"x"}', '{"a":{"m":"{{"},"sign":"x"}', '{ "sign":"x", "a" : {"m":"\\"}{"} }']
)
def test_a_brace_within_a_value_ends_nothing(text):
    written, meant = members(text)["a"]
    assert json.loads(written) == meant == json.loads(text)["a"]
    assert f"{written}" in text


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a":1', '{"a":1,"a":2}', '{"a" 1}', "{1:2}"])
def test_what_is_no_answer_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        members(text)


def test_an_answer_with_an_unbalanced_brace_verifies(till):
    """The signature is over the characters that were written."""
    sdk = gateway().sdk
    written = '{"code":"10000","buyer_logon_id":"a}b{{"}'
    text = f'{{"alipay_trade_query_response":{written},"sign":"{till.cashier.sign(written)}"}}'
    assert sdk._verify_and_return_sync_response(text, "alipay_trade_query_response")["buyer_logon_id"] == "a}b{{"


@pytest.mark.parametrize("phone", [False, True])
def test_the_parameters_of_the_pay_page_are_the_documented_ones(till, plan, settings, phone):
    settings.SITE_NAME = "我的影院"
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    url = services.pay_by_gateway(order=order, phone=phone, site="https://example.com/", at=timezone.now())
    told = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    content = json.loads(told["biz_content"])
    assert told["method"] == ("alipay.trade.wap.pay" if phone else "alipay.trade.page.pay")
    assert content["product_code"] == ("QUICK_WAP_WAY" if phone else "FAST_INSTANT_TRADE_PAY")
    assert content.get("quit_url") == (f"https://example.com/order/{order.number}/" if phone else None)
    assert content["subject"].startswith("我的影院 ")


def test_the_buyer_is_shown_what_is_paid_for(till, plan):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    with urllib.request.urlopen(pay_url(order), timeout=10) as page:
        text = page.read().decode()
    assert order.number in text
    assert "25.00" in text


def test_an_order_number_carries_the_shanghai_day(plan):
    at = timezone.now().replace(hour=17, minute=0)  # UTC: the next day in Shanghai
    order = services.place_order(user=make_user(), item=plan, at=at)
    assert order.number[:8] == f"{at + timedelta(hours=8):%Y%m%d}"


def test_an_order_whose_time_is_over_holds_no_coupon(plan):
    Coupon.objects.create(code="ONCE", kind="percent", value=Decimal(50), limit=1)
    at = timezone.now()
    services.place_order(user=make_user(), item=plan, at=at, code="ONCE")
    with pytest.raises(services.CouponRefused):
        services.place_order(user=make_user(), item=plan, at=at, code="ONCE")
    later = at + timedelta(minutes=31)
    assert services.place_order(user=make_user(), item=plan, at=later, code="ONCE").amount == Decimal("12.50")


def test_the_member_price_needs_a_member_when_it_is_paid(till):
    user, at = make_user(), timezone.now()
    period = Membership.objects.create(user=user, starts_at=at - timedelta(days=1), ends_at=at + timedelta(days=1))
    order = services.place_order(user=user, item=make_paid_movie(), at=at)
    pay_url(order)
    Membership.objects.filter(pk=period.pk).update(ends_at=at - timedelta(seconds=1))
    with pytest.raises(services.UnableToPay):
        pay_url(Order.objects.get(pk=order.pk))
