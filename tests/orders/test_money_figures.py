"""States of an order, the ledger, and amounts and times as the database and the protocol hold them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from apps.orders import services
from apps.orders.gateways.protocol import format_time, parse_amount, parse_time, signed_text
from apps.orders.models import Order, OrderState
from apps.wallet import services as wallet
from apps.wallet.models import Entry, Wallet
from tests.factories import make_user
from tests.orders.figures import NOON, placed, yuan

pytestmark = pytest.mark.django_db


def test_an_order_moves_as_the_table_says():
    """docs/payments.md, "What happens to an order"."""
    allowed = {
        ("pending", "paid"), ("pending", "closed"), ("paid", "fulfilled"), ("paid", "refunded"),
        ("fulfilled", "refunded"),
    }  # fmt: skip
    order = placed()
    services.cancel(order=order, at=NOON)
    rows = Order.objects.filter(pk=order.pk)
    for source in OrderState:
        for target in OrderState:
            if (source.value, target.value) in allowed:
                assert not rows.move(source, target)  # it is closed, not `source`
            else:
                with pytest.raises(ValueError, match="never moves"):
                    rows.move(source, target)
    order.refresh_from_db()
    assert order.state == OrderState.CLOSED


def test_a_wallet_pays_what_it_holds_and_no_fen_more():
    user = make_user()
    wallet.move(user=user, amount=yuan("10.00"), kind=Entry.Kind.TOP_UP, reference="a", at=NOON)
    wallet.move(user=user, amount=yuan("10.00"), kind=Entry.Kind.TOP_UP, reference="a", at=NOON)  # the same once more
    assert wallet.balance_of(user=user) == yuan("10.00")
    with pytest.raises(wallet.NotEnoughMoney):
        wallet.move(user=user, amount=yuan("-10.01"), kind=Entry.Kind.PURCHASE, reference="b", at=NOON)
    wallet.move(user=user, amount=yuan("-10.00"), kind=Entry.Kind.PURCHASE, reference="c", at=NOON)
    assert list(Entry.objects.order_by("pk").values_list("amount", "balance_after")) == [
        (yuan("10.00"), yuan("10.00")),
        (yuan("-10.00"), yuan("0.00")),
    ]


def test_the_database_holds_whole_fen():
    Wallet.objects.create(user=make_user(), balance=yuan("12.34"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT balance FROM wallet_wallet")
        assert cursor.fetchone() == (1234,)
    assert Wallet.objects.get().balance == yuan("12.34")
    with pytest.raises(ValidationError):
        Wallet._meta.get_field("balance").to_python("12.345")


@pytest.mark.parametrize("text", ["0.01", "1", "1.5", "88.88", "999999999.99"])
def test_amounts_of_the_protocol(text):
    assert parse_amount(text) == yuan(text)


@pytest.mark.parametrize("text", ["", "1.234", "01.00", "-1.00", "+1.00", "1e2", "1,00", " 1.00", "1.", ".5", "１.00"])
def test_what_is_no_amount_of_the_protocol(text):
    with pytest.raises(ValueError, match="amount"):
        parse_amount(text)


def test_times_of_the_protocol_are_of_shanghai():
    assert parse_time("2026-11-21 20:00:00") == datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert format_time(datetime(2026, 11, 21, 17, 30, tzinfo=UTC)) == "2026-11-22 01:30:00"


def test_what_is_signed_is_sorted_by_name():
    """As the open platform's documentation of signing shows it."""
    params = {"version": "1.0", "app_id": "2014072300007148", "sign": "x", "method": "alipay.mobile.public.menu.add"}
    text = "app_id=2014072300007148&method=alipay.mobile.public.menu.add&version=1.0"
    assert signed_text(params, without=frozenset({"sign"})) == text
