"""Races for the last place, and for the counters, on real databases: SQLite in a file, and a MariaDB of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import drivers

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("places")]


@pytest.fixture(scope="module", params=drivers.DATABASES)
def told(request, tmp_path_factory) -> Iterator[dict[str, Any]]:
    """What came out of each scene of the driver, played on that database."""
    folder = tmp_path_factory.mktemp(request.param)
    with drivers.database(request.param, folder) as address:
        yield drivers.play("tests.playback.driver", folder, DATABASE_URL=address)


def test_of_eight_sessions_at_once_two_get_the_film(told):
    assert told["sessions"] == [{"200": 2, "403": 6}] * 6


def test_a_place_that_lapses_is_never_held_twice(told):
    for found in told["lapsing"]:
        assert found == {"answers": {"held": 2, "full": 6}, "places": 2}


def test_of_many_that_stop_the_same_players_no_more_go_on_than_may(told):
    for found in told["takeovers"]:
        assert found == {"answers": {"held": 2, "full": 4}, "places": 2}


def test_of_heartbeats_at_once_each_viewer_counts_once(told):
    assert told["views"] == {
        "answers": {"watched": 18, "worked": 3}, "progress": 3 * 3, "plays": [6] * 3, "days": 18, "left": 0,
    }  # fmt: skip


def test_workers_that_are_killed_while_they_flush_lose_and_double_nothing(told):
    rounds = told["deaths"].pop("rounds")
    assert rounds > 8
    assert told["deaths"] == {"plays": [rounds, 2 * rounds], "days": 3 * rounds, "left": 0}
