"""What buyers read: on the order's page, by mail, and where to ask for help."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone

from apps.orders import services
from apps.orders.models import Coupon, Order, Payment, Refund
from apps.users import services as users
from apps.users.models import OutgoingMail, User
from tests.cashier import body
from tests.factories import make_paid_movie, make_user
from tests.orders.steps import bought, pay_url, top_up

pytestmark = pytest.mark.django_db(transaction=True)


def _buyer() -> User:
    return make_user(email="lin@example.com", language="en")


def _page(order: Order) -> str:
    browser = Client(headers={"Accept-Language": "en"})
    browser.force_login(order.user)
    return browser.get(order.get_absolute_url()).content.decode()


def _tell(till, trade) -> None:
    services.receive(body=body(till.notification(trade)), address="127.0.0.1", at=timezone.now())


def _send() -> None:
    for _again in range(2):
        for letter in OutgoingMail.objects.order_by("pk"):
            users.outgoing_mail.send(mail_id=letter.pk, at=timezone.now())


def _comes_and_goes(order: Order, amount: str, why: str) -> None:
    before = _page(order)
    assert why in before
    assert f"{amount} will be refunded" in before
    assert "was refunded" not in before
    services.reconcile(at=timezone.now(), rate=1000)
    after = _page(order)
    assert f"{amount} was refunded" in after
    assert "will be refunded" not in after


def test_a_doubled_payment_says_what_comes_back_and_that_it_has(till, plan):
    order = services.place_order(user=_buyer(), item=plan, at=timezone.now())
    first = till.pay(pay_url(order))
    for trade_no in (first.trade_no, till.cashier.store.pay_again(first.trade_no, at=timezone.now())):
        _tell(till, till.cashier.store.get(trade_no))
    assert "Payment successful" in _page(order)
    _comes_and_goes(order, "¥25.00", "This order was paid more than once.")
    assert "Payment successful" in _page(order)


def test_a_wrong_amount_says_what_comes_back_and_that_it_has(till, plan):
    order = services.place_order(user=_buyer(), item=plan, at=timezone.now())
    _tell(till, till.pay(pay_url(order), amount="26.00"))
    _comes_and_goes(order, "¥26.00", "The amount paid doesn&#x27;t match the order.")


def test_a_late_payment_says_what_comes_back_and_that_it_has(till, plan):
    order = services.place_order(user=_buyer(), item=plan, at=timezone.now())
    trade = till.open(pay_url(order))
    services.close(order=order, at=timezone.now())
    assert "No payment was made for this order." in _page(order)
    assert till.cashier.store.pay(trade.trade_no, at=timezone.now(), amount=None, forced=True)
    _tell(till, till.cashier.store.get(trade.trade_no))
    _comes_and_goes(order, "¥25.00", "after the order was closed")


def test_a_part_refund_is_said_on_the_page_and_mailed(till, plan):
    order = bought(till, _buyer(), plan)
    payment = Payment.objects.get(order=order)
    row = services.refund(payment=payment, amount=Decimal("10.00"), reason="x", by=None, at=timezone.now())
    assert "¥10.00 will be refunded" in _page(order)
    services.execute_refund(refund=row, at=timezone.now())
    assert "¥10.00 was refunded" in _page(order)
    _send()
    assert [m.subject for m in outbox.outbox] == [f"Payment received: {order.subject}", "Refund completed: ¥10.00"]


def test_paid_and_refunded_are_mailed_once_however_often_they_are_told(till, plan, settings):
    settings.SITE_CONTACT = "help@site.example"
    order = services.place_order(user=_buyer(), item=plan, at=timezone.now())
    trade = till.pay(pay_url(order))
    for _again in range(3):
        _tell(till, trade)
        _send()
    payment = Payment.objects.get(order=order)
    row = services.refund(payment=payment, amount=payment.amount, reason="x", by=None, at=timezone.now())
    for _again in range(2):
        services.execute_refund(refund=Refund.objects.get(pk=row.pk), at=timezone.now())
        _send()
    paid, refunded = outbox.outbox
    for message in (paid, refunded):
        html = message.alternatives[0][0]  # type: ignore[attr-defined]
        assert message.to == ["lin@example.com"]
        for text in (message.body, html):
            assert order.get_absolute_url() in text
            assert order.number in text
            assert "¥25.00" in text
            assert "help@site.example" in text


def test_a_refund_made_in_the_console_is_mailed_once(till, plan):
    order = bought(till, _buyer(), plan)
    payment = Payment.objects.get(order=order)
    assert till.cashier.store.refund(payment.trade_no, "console-1", Decimal("10.00"), at=timezone.now())
    for _again in range(2):
        _tell(till, till.cashier.store.get(payment.trade_no))
        _send()
    assert [m.subject for m in outbox.outbox] == [f"Payment received: {order.subject}", "Refund completed: ¥10.00"]


def test_a_refund_to_the_wallet_says_so(till, settings):
    user = _buyer()
    top_up(till, user, "50.00")
    order = services.place_order(user=user, item=make_paid_movie(), at=timezone.now())
    services.pay_from_wallet(order=order, user=user, at=timezone.now())
    payment = Payment.objects.get(order=order)
    services.refund(payment=payment, amount=payment.amount, reason="x", by=None, at=timezone.now())
    _send()
    assert "has been refunded to your wallet" in outbox.outbox[-1].body
    assert "¥10.00 was refunded to your wallet." in _page(order)


def test_an_unpaid_order_says_what_it_holds(till, plan):
    Coupon.objects.create(code="NEW10", kind="percent", value=10)
    order = services.place_order(user=_buyer(), item=plan, at=timezone.now(), code="NEW10")
    page = _page(order)
    assert f"This price is reserved for you until {timezone.localtime(order.expires_at):%H:%M}." in page
    assert "Coupon NEW10 is reserved by this order." in page
    Order.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "Coupon NEW10 can be used again." in _page(order)


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("help@site.example", '<a href="mailto:help@site.example">help@site.example</a>'),
        ("https://site.example/help", '<a href="https://site.example/help">https://site.example/help</a>'),
    ],
)
def test_the_contact_stands_on_the_orders_page_and_at_the_foot_of_every_page(till, plan, settings, contact, link):
    order = services.place_order(user=_buyer(), item=plan, at=timezone.now())
    settings.SITE_CONTACT = ""
    assert "ontact us" not in _page(order)
    settings.SITE_CONTACT = contact
    assert f"Questions? Contact us: {link}" in _page(order)
    assert link in Client().get("/nowhere/").content.decode()


def test_leaving_names_the_balance_that_is_given_up(till):
    user = _buyer()
    browser = Client(headers={"Accept-Language": "en"})
    browser.force_login(user)
    assert "Your wallet is empty" in browser.get("/user/mydata/").content.decode()
    top_up(till, user, "50.00")
    assert "Your wallet balance is ¥50.00." in browser.get("/user/mydata/").content.decode()
