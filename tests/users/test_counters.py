"""Counters end when they say so: shared ones in Redis, and each process's own while Redis is away."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from django.conf import settings

from utils import ratelimit
from utils.ratelimit import Limit, OwnCounts


@pytest.fixture(params=["redis", "own"])
def counters(request) -> SimpleNamespace | OwnCounts:
    if request.param == "own":
        return OwnCounts()
    assert settings.REDIS_URL
    return SimpleNamespace(take=ratelimit.take, give_back=ratelimit.give_back, count=ratelimit.count)


def test_so_many_and_then_the_rest_of_the_time(counters):
    limit = Limit("so-many", 3, 60)
    assert [counters.take([limit]) for _ in range(3)] == [0, 0, 0]
    waits = [counters.take([limit]) for _ in range(3)]
    assert all(55 < wait <= 60 for wait in waits)
    assert counters.count(limit) == 3  # refused ones aren't counted


def test_a_counter_ends_when_its_time_is_over(counters):
    limit = Limit("ends", 2, 0.2)
    assert [counters.take([limit]) for _ in range(2)] == [0, 0]
    assert 0 < counters.take([limit]) <= 0.2
    time.sleep(0.25)
    assert counters.count(limit) == 0
    assert counters.take([limit]) == 0


def test_the_time_runs_from_the_first_and_is_not_renewed(counters):
    limit = Limit("slides", 2, 60)
    assert counters.take([limit]) == 0
    time.sleep(0.1)
    assert counters.take([limit]) == 0
    assert counters.take([limit]) <= 59.91


def test_nothing_is_given_back_that_was_not_taken(counters):
    limit = Limit("below", 2, 60)
    for _ in range(3):
        counters.give_back([limit])
    assert counters.count(limit) == 0
    assert [counters.take([limit]) > 0 for _ in range(3)] == [False, False, True]


def test_what_is_given_back_can_be_taken_again(counters):
    limit = Limit("back", 1, 60)
    assert counters.take([limit]) == 0
    counters.give_back([limit])
    assert counters.take([limit]) == 0
    assert counters.take([limit]) > 0


def test_where_one_limit_is_reached_none_is_counted(counters):
    narrow, wide = Limit("narrow", 1, 30), Limit("wide", 10, 60)
    assert counters.take([wide, narrow]) == 0
    assert 25 < counters.take([wide, narrow]) <= 30
    assert (counters.count(narrow), counters.count(wide)) == (1, 1)
    assert counters.take([wide]) == 0


def test_of_two_that_are_reached_the_longer_one_counts(counters):
    short, long = Limit("short", 1, 30), Limit("long", 1, 60)
    assert counters.take([short, long]) == 0
    assert 55 < counters.take([short, long]) <= 60
    assert 55 < counters.take([long, short]) <= 60


def test_one_counter_says_nothing_of_another(counters):
    assert counters.take([Limit("one", 1, 60)]) == 0
    assert counters.take([Limit("two", 1, 60)]) == 0
