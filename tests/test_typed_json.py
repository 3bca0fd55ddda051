"""JSON of typed values: what a dataclass becomes, and which JSON is turned away."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

import pytest

from utils.typed_json import Malformed, dump, load


class Colour(StrEnum):
    RED = "red"


class Point(NamedTuple):
    at: float
    x: int


@dataclass(frozen=True)
class Inner:
    rate: Fraction
    points: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Outer:
    name: str
    seconds: float
    count: int
    shown: bool
    colour: Colour
    inner: Inner
    other: Inner | None = None


VALUE = Outer("片", 2.5, 3, True, Colour.RED, Inner(Fraction(30000, 1001), (Point(0.5, 1), Point(2.0, 4))))
TEXT = (
    '{"name": "片", "seconds": 2.5, "count": 3, "shown": true, "colour": "red",'
    ' "inner": {"rate": [30000, 1001], "points": [[0.5, 1], [2.0, 4]]}, "other": null}'
)


def test_a_value_has_this_json():
    assert json.dumps(dump(VALUE), ensure_ascii=False) == TEXT
    assert load(Outer, json.loads(TEXT)) == VALUE


def test_what_has_a_default_may_be_missing_and_what_is_unknown_is_left_out():
    found = load(Inner, {"rate": [25, 1], "later": [1, 2]})
    assert found == Inner(Fraction(25))


def test_a_whole_number_may_stand_for_seconds():
    assert load(Outer, {**json.loads(TEXT), "seconds": 2}).seconds == 2.0


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"name": 3}, "Outer.name"),
        ({"seconds": "2.5"}, "Outer.seconds"),
        ({"count": 2.5}, "Outer.count"),
        ({"count": True}, "Outer.count"),
        ({"shown": 1}, "Outer.shown"),
        ({"colour": "blue"}, "Outer.colour"),
        ({"inner": None}, "Outer.inner"),
        ({"inner": {}}, "Outer.inner has no rate"),
        ({"inner": {"rate": [25, 0]}}, "Outer.inner.rate"),
        ({"inner": {"rate": [25, 1], "points": {}}}, "Outer.inner.points"),
        ({"inner": {"rate": [25, 1], "points": [[1.0, 2], [1.0]]}}, r"Outer.inner.points\[1\] has no x"),
        ({"other": []}, "Outer.other"),
    ],
)
def test_other_json_is_turned_away_by_its_place(change, place):
    with pytest.raises(Malformed, match=place):
        load(Outer, {**json.loads(TEXT), **change})


def test_a_value_of_another_kind_has_no_json():
    with pytest.raises(TypeError, match="set has no JSON"):
        dump({1, 2})
