"""Positions as MariaDB writes them, lag by heartbeats, and the settings of replicas."""

from __future__ import annotations

import math

import pytest
from django.core.exceptions import ImproperlyConfigured

from streamsite import env
from utils.replicas.positions import covers, latest, parse, to_text

MARIADB = {"ENGINE": "utils.mariadb"}


def test_a_position_has_a_sequence_number_for_each_domain():
    assert parse("") == {}
    assert parse("0-1-42") == {0: 42}
    assert parse("0-1-42,7-3-9") == {0: 42, 7: 9}
    assert to_text({7: 9, 0: 42}) == "0-1-42,7-1-9"


@pytest.mark.parametrize("text", ["x", "0-1", "0-1-2;DROP", "0-1-2,", "-1-1-1", "0-1-٤", "0-1-1," * 99, " 0-1-1"])
def test_anything_else_is_no_position(text):
    with pytest.raises(ValueError, match="GTID"):
        parse(text)


def test_a_replica_covers_what_it_has_applied_in_every_domain():
    assert covers({0: 42}, {0: 42})
    assert covers({0: 42}, {})
    assert not covers({0: 42}, {0: 43})
    assert not covers({0: 42}, {0: 1, 7: 1})
    assert latest({0: 5, 1: 1}, {0: 3, 2: 2}) == {0: 5, 1: 1, 2: 2}


def test_lag_counts_from_the_first_heartbeat_that_is_missing():
    pytest.importorskip("MySQLdb")
    from utils.replicas.health import Heartbeats

    beats = Heartbeats()
    assert beats.lag(1, 0.0) == math.inf
    for number, at in ((10, 100.0), (11, 101.0), (12, 102.0)):
        beats.saw(number, at)
    assert beats.lag(12, 109.0) == beats.lag(13, 109.0) == 0
    assert beats.lag(11, 109.0) == 7
    assert beats.lag(9, 109.0) == 9
    assert beats.lag(8, 109.0) == math.inf
    beats.saw(1, 110.0)  # the row was made anew
    assert beats.lag(0, 111.0) == 1


@pytest.mark.parametrize(
    "urls",
    ["x", "sqlite:////a", "mysql://a@b/", "mysql://a@b/c?weight=0", "mysql://a@b/c?weight=x", "mysql://a@b/c,mysql://"],
)
def test_a_wrong_list_of_replicas_is_an_error(monkeypatch, urls):
    monkeypatch.setenv("DATABASE_REPLICA_URLS", urls)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_REPLICA_URLS"):
        env.replicas(MARIADB)


def test_replicas_have_weights_and_no_database_of_their_own_in_tests(monkeypatch):
    monkeypatch.setenv("DATABASE_REPLICA_URLS", "mysql://a:b@c/d?weight=3,mysql://a:b@e/d")
    found = env.replicas(MARIADB)
    assert [(name, one["HOST"], one["WEIGHT"]) for name, one in found.items()] == [
        ("replica1", "c", 3), ("replica2", "e", 1),
    ]  # fmt: skip
    assert all(one["TEST"] == {"MIRROR": "default"} and "weight" not in one["OPTIONS"] for one in found.values())


def test_sqlite_has_no_replicas(monkeypatch):
    monkeypatch.setenv("DATABASE_REPLICA_URLS", "mysql://a:b@c/d")
    with pytest.raises(ImproperlyConfigured, match="MariaDB"):
        env.replicas({"ENGINE": "django.db.backends.sqlite3"})
