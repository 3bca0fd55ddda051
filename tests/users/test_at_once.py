"""Signing in and taking ways back at once, on real databases: SQLite in a file, and a MariaDB of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import drivers

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("accounts-at-once")]


@pytest.fixture(scope="module", params=drivers.DATABASES)
def told(request, tmp_path_factory) -> Iterator[dict[str, Any]]:
    """What came out of each scene of the driver, played on that database."""
    folder = tmp_path_factory.mktemp(request.param)
    with drivers.database(request.param, folder) as address:
        yield drivers.play("tests.users.driver", folder, DATABASE_URL=address)


def test_of_two_first_sign_ins_one_is_told(told):
    assert told["first_sign_ins"] == {"answers": [302, 302], "letters": 1, "known": 2}


def test_a_button_pressed_twice_keeps_its_owner_signed_in(told):
    assert told["pressed_twice"] == [[["302 /user/recovery/"], True]] * 18


def test_two_ways_removed_leave_one_and_one_of_the_browsers(told):
    assert told["both_ways"] == [[1, 1]] * 6


def test_a_sign_in_comes_before_signing_out_everywhere_or_after_it(told):
    """Before it, the sign-in ends; after it, it is new. No browser stays known or listed without being signed in."""
    assert told["sign_in_and_out"] == [[True, True]] * 6
