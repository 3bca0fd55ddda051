"""Queries that are nearly right."""

from __future__ import annotations

import pytest

from utils.chinese.likeness import occurs_within_one, within_one
from utils.chinese.rewording import rewordings


@pytest.mark.parametrize(
    "slip", ["流浪地球", "流浪地求", "流地球", "流浪的地球", "浪流地球", "流浪球地", "浪地球", "流浪地"]
)
def test_one_slip_is_near(slip):
    assert within_one(slip, "流浪地球")
    assert within_one("流浪地球", slip)


@pytest.mark.parametrize("other", ["流浪", "流浪月求", "地球流浪", "", "流浪地球之二"])
def test_two_are_not(other):
    assert not within_one(other, "流浪地球")


def test_a_part_may_have_a_slip():
    assert occurs_within_one("浪地求", "流浪地球2飞跃")
    assert not occurs_within_one("月亮地求", "流浪地球2飞跃")


@pytest.mark.parametrize(
    ("typed", "tried"),
    [
        ("流浪地球在线观看", "流浪地球"),
        ("我想看流浪地球", "流浪地球"),
        ("电影流浪地球高清完整版", "流浪地球"),
        ("进击的巨人第", "进击的巨人"),
        ("流浪地球第二部", "流浪地球 2"),
        ("请回答第一季", "请回答"),
        ("12生肖", "十2生肖"),
        ("十二生肖", "12生肖"),
    ],
)
def test_a_query_is_put_in_other_words(typed, tried):
    assert tried in list(rewordings(typed))


def test_nothing_is_tried_twice_and_nothing_empty():
    for typed in ("流浪地球", "在线观看", "第", "电影", "", "s2"):
        others = list(rewordings(typed))
        assert len(others) == len(set(others))
        assert "" not in others
