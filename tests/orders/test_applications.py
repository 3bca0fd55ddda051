"""Changing keys while everything runs, and changing the application: what went through one stays with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.apps import apps
from django.conf import settings as site
from django.utils import timezone

from apps.orders import services
from apps.orders.gateways import CLOCK, GatewayUnclear, gateway, sellers
from apps.orders.gateways.cashier.keys import make_keys
from apps.orders.models import Notification, Order, OrderState, Payment, Refund
from apps.users.models import Membership
from benchmarks.money.gateway import APP, OTHER_APP, SELLER, Gateway, _key
from tests.cashier import body
from tests.factories import make_user
from tests.orders.steps import bought, pay_url

pytestmark = pytest.mark.django_db(transaction=True)
Verdict = Notification.Verdict


# --- Keys -----------------------------------------------------------------------------------------


@pytest.fixture
def files(till, settings, tmp_path) -> Iterator[Path]:
    """The cashier's folder, whose keys are put back afterwards; the site's settings name copies of its files."""
    folder = Path(site.CASHIER_DIR)
    make_keys(folder)
    names = ("app_private.pem", "app_public.pem", "gateway_private.pem", "gateway_public.pem")
    kept = {name: (folder / name).read_bytes() for name in names}
    for setting, name in (("PRIVATE", "app_private.pem"), ("PUBLIC", "gateway_public.pem")):
        (tmp_path / name).write_bytes(kept[name])
        setattr(settings, f"ALIPAY_{setting}_KEY_FILE", str(tmp_path / name))
    yield tmp_path
    for name, content in kept.items():
        (folder / name).write_bytes(content)


def _pair() -> tuple[bytes, bytes]:
    key = _key()
    return (
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )


def _alipay_changes(files: Path, public: bytes) -> None:
    (files / "gateway_public.pem").write_bytes(public)


def _receive(notification: bytes) -> str:
    return str(services.receive(body=notification, address=None, at=timezone.now()).verdict)


def test_alipays_key_changes_without_a_restart(till, plan, files):
    """Both keys in the file while notifications are on their way; without the old one it is over."""
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    in_flight = body(till.notification(till.pay(pay_url(order))))
    private, public = _pair()
    old = (files / "gateway_public.pem").read_bytes()
    (Path(site.CASHIER_DIR) / "gateway_private.pem").write_bytes(private)
    new = body(till.notification(till.cashier.store.find(number=order.number)))
    assert _receive(new) == Verdict.FORGED
    _alipay_changes(files, public + old)
    assert _receive(in_flight) == Verdict.SETTLED
    assert _receive(new) == Verdict.SETTLED
    _alipay_changes(files, public)
    assert _receive(in_flight) == Verdict.FORGED
    assert _receive(new) == Verdict.SETTLED
    assert bought(till, make_user(), plan).state == OrderState.FULFILLED  # answers as well
    assert Membership.objects.filter(user=order.user).count() == 1


def test_bare_keys_of_alipays_tool_stand_one_under_the_other(till, plan, files):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    notification = body(till.notification(till.pay(pay_url(order))))
    bare = [
        "".join(key.decode().splitlines()[1:-1]) for key in (_pair()[1], (files / "gateway_public.pem").read_bytes())
    ]
    _alipay_changes(files, "\n\n".join(bare).encode())
    assert _receive(notification) == Verdict.SETTLED


def test_the_applications_key_changes_without_a_restart(till, plan, files):
    before = bought(till, make_user(), plan)
    private, public = _pair()
    (Path(site.CASHIER_DIR) / "app_public.pem").write_bytes(public)  # uploaded to the platform
    with pytest.raises(GatewayUnclear):
        gateway().query(number=before.number, tries=1)
    (files / "app_private.pem").write_bytes(private)
    assert gateway().query(number=before.number, tries=1).was_paid
    assert bought(till, make_user(), plan).state == OrderState.FULFILLED


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PUBLIC KEY-----\nMII", b"x"])
def test_a_file_that_is_being_written_leaves_the_key_of_before(till, plan, files, content):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    notification = body(till.notification(till.pay(pay_url(order))))
    whole = (files / "gateway_public.pem").read_bytes()
    for half in (content, None):
        if half is None:
            (files / "gateway_public.pem").unlink()
        else:
            _alipay_changes(files, half)
        assert _receive(notification) == Verdict.SETTLED
    _alipay_changes(files, whole)
    assert _receive(notification) == Verdict.SETTLED


def test_keys_change_under_many_threads(till, plan, files):
    """Old and new notifications in turn, from eight threads, while the file is rewritten: none is refused."""
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    params = till.notification(till.pay(pay_url(order)))
    sdk_free = [gateway().is_signed(params)]
    public, old = _pair()[1], (files / "gateway_public.pem").read_bytes()
    over, found = threading.Event(), []

    def ask() -> None:
        while not over.is_set():
            found.append(gateway().is_signed(params))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for n in range(12):
        fresh = files / "fresh.pem"
        fresh.write_bytes(public + old if n % 2 else old + public)
        fresh.replace(files / "gateway_public.pem")
    over.set()
    for thread in threads:
        thread.join()
    assert set(found + sdk_free) == {True}


# --- Applications ---------------------------------------------------------------------------------


@pytest.fixture
def other(tmp_path) -> Iterator[Gateway]:
    """Another gateway, another application, another seller, as a sandbox is beside the real one."""
    gateway = Gateway(tmp_path / "other", timezone.now())
    yield gateway
    gateway.stop()


def _told(other: Gateway) -> dict[str, str]:
    return {
        "APP_ID": APP, "SELLER_ID": SELLER, "GATEWAY_URL": f"{other.url}/gateway.do",
        "PRIVATE_KEY_FILE": str(other.private_file), "PUBLIC_KEY_FILE": str(other.public_file),
        "APP_CERT_FILE": "", "CERT_FILE": "", "ROOT_CERT_FILE": "",
    }  # fmt: skip


def _present(settings, other: Gateway) -> None:
    settings.PAYMENT_GATEWAY = "alipay"
    for name, value in _told(other).items():
        setattr(settings, f"ALIPAY_{name}", value)


@pytest.fixture
def moved(till, settings, plan, other):
    """A paid and an unpaid order of the other application, which is an earlier one now; the present is the cashier."""
    kept = {name: getattr(site, f"ALIPAY_{name}") for name in _told(other)}
    _present(settings, other)
    orders = [services.place_order(user=make_user(), item=plan, at=timezone.now()) for _ in range(2)]
    trades = [other.open(pay_url(order)) for order in orders]
    other.pay(trades[0])
    settings.PAYMENT_GATEWAY, settings.ALIPAY_EARLIER_APPS = "cashier", [_told(other)]
    for name, value in kept.items():
        setattr(settings, f"ALIPAY_{name}", value)
    return [Order.objects.get(pk=order.pk) for order in orders], trades


def test_an_order_is_asked_about_closed_and_refunded_where_it_was_sent(moved, other, till):
    (paid, open_one), trades = moved
    assert (paid.gateway, paid.app_id) == ("alipay", APP)
    assert services.query_order(order=paid, at=timezone.now()).state == OrderState.FULFILLED
    payment = Payment.objects.get(order=paid)
    assert (payment.gateway, payment.app_id) == ("alipay", APP)
    row = services.refund(payment=payment, amount=Decimal("25.00"), reason="x", by=None, at=timezone.now())
    assert services.execute_refund(refund=row, at=timezone.now()).state == Refund.State.DONE
    assert trades[0].back == Decimal("25.00")
    assert services.close(order=open_one, at=timezone.now()).state == OrderState.CLOSED
    assert trades[1].status == "TRADE_CLOSED"
    assert till.cashier.store.find(number=paid.number) is None


def test_its_notification_is_believed_with_its_own_key(moved, other):
    (paid, _), trades = moved
    assert _receive(other.notification(trades[0])) == Verdict.SETTLED
    paid.refresh_from_db()
    assert paid.state == OrderState.FULFILLED
    assert _receive(other.notification(trades[0], key=other.stranger)) == Verdict.FORGED


def test_without_the_earlier_application_nobody_else_is_asked(moved, other, till, settings, mailed):
    settings.ALIPAY_EARLIER_APPS, settings.MONEY_ALARMS_TO = [], "money@example.com"
    (paid, _open_one), trades = moved
    wanted = {"subject": "x", "amount": "25.00", "notify_url": "", "return_url": "", "expires_at": None}
    trade = till.cashier.store.begin(number=paid.number, at=timezone.now(), **wanted)
    till.cashier.store.pay(trade.trade_no, at=timezone.now())  # the same number at the present gateway is another's
    for days in (0, 1, 2):
        found = services.reconcile(at=timezone.now() + timedelta(days=days, hours=1), rate=1000)
    assert found.stuck == 2
    assert not Payment.objects.exists()
    assert {row.state for row in Order.objects.all()} == {OrderState.PENDING}
    assert APP in mailed[0].body  # which one to name in ALIPAY_EARLIER_APPS
    assert _receive(other.notification(trades[0])) == Verdict.FORGED


def test_a_silent_earlier_gateway_starves_nothing(moved, other, till, plan, settings):
    settings.ALIPAY_EARLIER_APPS = [{**_told(other), "GATEWAY_URL": "http://127.0.0.1:9/gateway.do"}]
    first = moved[0][1]
    Order.objects.bulk_create(
        Order(
            number=f"E{n:023d}", user=first.user, kind="plan", plan=plan, subject="VIP", days=30, amount=plan.price,
            list_price=plan.price, created_at=first.created_at, expires_at=first.expires_at, sent_at=first.created_at,
            gateway="alipay", app_id=APP,
        )
        for n in range(20)
    )  # fmt: skip
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    till.pay(pay_url(order))
    Order.objects.filter(pk=order.pk).update(queried_at=timezone.now() - timedelta(minutes=5))  # its turn is last
    found = services.reconcile(at=timezone.now(), rate=1000)
    order.refresh_from_db()
    assert (found.unclear, order.state) == (5, OrderState.FULFILLED)


def test_a_buyer_who_waits_gets_a_new_order_at_the_present_gateway(moved, plan):
    open_one = moved[0][1]
    with pytest.raises(services.UnableToPay):
        pay_url(open_one)
    again = services.place_order(user=open_one.user, item=plan, at=timezone.now())
    assert again.pk != open_one.pk
    assert pay_url(again)
    again.refresh_from_db()
    assert (again.gateway, again.app_id) == ("cashier", site.ALIPAY_APP_ID)


def test_money_of_another_application_buys_nothing_and_goes_back(moved, other, till, plan):
    """A sandbox application pays an order of the real one."""
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    pay_url(order)
    trade = other.pay_again(other._begin(order.number, Decimal("25.00"), "", "", APP))
    assert _receive(other.notification(trade)) == Verdict.SETTLED
    assert Payment.objects.get(trade_no=trade.trade_no).flag == Payment.Flag.APP
    services.reconcile(at=timezone.now(), rate=1000)
    assert trade.back == Decimal("25.00")
    order.refresh_from_db()
    assert order.state == OrderState.PENDING
    assert not Membership.objects.filter(user=order.user).exists()


def test_the_bill_finds_money_of_another_application_of_the_same_seller(moved, other, settings, plan):
    """No notification came: the order's own application doesn't know the trade."""
    _present(settings, other)
    present = {**_told(other), "APP_ID": OTHER_APP}
    settings.ALIPAY_EARLIER_APPS = [present]
    order = moved[0][0]
    trade = other.pay_strangely(order.number, Decimal("7.77"), OTHER_APP)
    day = timezone.now().astimezone(CLOCK).date()
    assert services.check_day(day=day, at=timezone.now()).differences == []
    found = Payment.objects.get(trade_no=trade.trade_no)
    assert (found.app_id, found.flag) == (OTHER_APP, Payment.Flag.APP)


def test_each_seller_has_a_statement_of_its_own(moved, other, till, plan, mailed, settings):
    settings.MONEY_ALARMS_TO = "money@example.com"
    (paid, _), _trades = moved
    services.query_order(order=paid, at=timezone.now())
    day = timezone.now().astimezone(CLOCK).date()
    theirs = services.check_day(day=day, at=timezone.now(), applications=sellers()[1])
    assert (theirs.ours, theirs.theirs, theirs.differences) == (Decimal("25.00"), Decimal("25.00"), [])
    mine = services.check_day(day=day, at=timezone.now(), content=till.cashier.bill("2000-01-01"))
    assert (mine.ours, mine.differences) == (Decimal("0.00"), [])


def test_rows_of_before_are_given_the_present_application(till, plan):
    """The migration: what was sent is the present gateway's; what was never sent is nobody's."""
    orders = [bought(till, make_user(), plan), services.place_order(user=make_user(), item=plan, at=timezone.now())]
    Order.objects.update(gateway="", app_id="")
    Payment.objects.update(app_id="")
    import_module("apps.orders.migrations.0007_applications").note_applications(apps, None)
    assert [Order.objects.get(pk=order.pk).app_id for order in orders] == [site.ALIPAY_APP_ID, ""]
    assert Payment.objects.get().app_id == site.ALIPAY_APP_ID


def test_the_administration_shows_what_an_order_went_through(moved, admin_client):
    page = admin_client.get(f"/admin/orders/order/{moved[0][0].pk}/change/")
    assert APP in page.content.decode()
