"""Races and deaths on real databases: SQLite in a file, and a MariaDB of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import drivers

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("money")]

ONCE = {"state": "fulfilled", "payments": 1, "memberships": 1}


@pytest.fixture(scope="module", params=drivers.DATABASES)
def told(request, tmp_path_factory, cashier_url) -> Iterator[dict[str, Any]]:
    """What came out of each scene of the driver, played on that database."""
    folder = tmp_path_factory.mktemp(request.param)
    with drivers.database(request.param, folder) as address:
        yield drivers.play("tests.orders.driver", folder, DATABASE_URL=address, CASHIER_URL=cashier_url)


def test_two_hundred_copies_of_a_notification_count_once(told):
    found = told["notifications"]
    assert found == {"answers": {"200 success": 200}, "kept": 200, **ONCE}


def test_a_wallet_with_money_for_thirty_buys_thirty(told):
    found = told["purchases"]
    assert found == {
        "answers": {"fulfilled": 30, "not enough": 70}, "owned": 30, "balance": "0.00", "sum": "0.00", "unbroken": True,
    }  # fmt: skip


def test_many_clicks_buy_a_title_once(told):
    assert told["one_title"] == {"owned": 1, "balance": "90.00", "paid": True}


def test_all_ways_to_hear_of_a_payment_at_once_count_once(told):
    assert told["together"]["rounds"] == [{**ONCE, "check": 0}] * 8


def test_a_coupon_is_used_no_oftener_than_it_may(told):
    assert told["coupons"]["answers"] == {"12.50": 7, "refused": 33}


def test_a_refund_asked_for_by_many_at_once_goes_back_once(told):
    found = told["refunds"]
    assert found == {
        "answers": {"done": 1, "refused": 15}, "state": "refunded", "payments": 1, "memberships": 0, "back": "25.00",
    }  # fmt: skip


def test_a_refund_in_the_console_told_many_times_beside_our_own_is_booked_once(told):
    assert told["console"]["rounds"] == [
        {
            "answers": {"200 success": 24, "done": 1}, "state": "refunded", "payments": 1, "memberships": 0,
            "rows": ["10.00", "15.00"], "back": "25.00",
        }
    ] * 4  # fmt: skip


def test_a_settlement_killed_anywhere_is_put_right(told):
    found = told["settle_dies"]
    assert found["deaths"] >= 12
    assert found["outcomes"] == [{"again": "200 success", **ONCE}] * (found["deaths"] + 2)


def test_a_payment_from_the_wallet_killed_anywhere_happens_whole_or_not_at_all(told):
    found = told["wallet_dies"]
    assert found["deaths"] >= 12
    right = {"whole": True, "balance": "0.00", "sum": "0.00", "owned": 1}
    assert found["outcomes"] == [right] * (found["deaths"] + 2)


def test_a_refund_killed_anywhere_goes_back_once(told):
    found = told["refund_dies"]
    assert found["deaths"] >= 12
    right = {"state": "refunded", "payments": 1, "memberships": 0, "back": "25.00"}
    assert found["outcomes"] == [right] * (found["deaths"] + 2)
