"""What names of files say of season and number; the lists stand beside this file."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.movies.episode_names import natural, read, read_all
from utils.numerals import value_of

HERE = Path(__file__).parent
RIGHT = 0.98  # of each list


def told(name: str) -> tuple[str, str]:
    reading = read(name)
    return str(reading.season), "-" if reading.number is None else str(reading.number)


@pytest.mark.parametrize("listed", ["episode_names.txt", "episode_names_unseen.txt", "episode_names_more.txt"])
def test_season_and_number_are_read_off_real_names(listed):
    rows = [line.split("|", 2) for line in (HERE / listed).read_text().splitlines() if line and line[0] != "#"]
    wrong = [(name, (season, number), told(name)) for season, number, name in rows if told(name) != (season, number)]
    assert len(wrong) <= len(rows) * (1 - RIGHT), wrong


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("二十一", 21),
        ("廿一", 21),
        ("一百零八", 108),
        ("两", 2),
        ("十", 10),
        ("二一", 21),
        ("一千零一", 1001),
        ("x", None),
    ],
)
def test_numerals(text, value):
    assert value_of(text) == value


def test_parts_follow_each_other():
    names = ["第3期下.mp4", "第4期上.mp4", "第3期上.mp4", "第2期.mp4"]
    assert [r.name for r in sorted(read_all(names), key=lambda r: r.order)] == [
        "第2期.mp4", "第3期上.mp4", "第3期下.mp4", "第4期上.mp4",
    ]  # fmt: skip


def test_dates_order_a_show():
    names = ["奔跑吧 2024-05-25期.mp4", "奔跑吧 20240518.mp4", "奔跑吧 花絮.mp4"]
    assert [r.name for r in sorted(read_all(names), key=lambda r: r.order)] == [names[1], names[0], names[2]]


def test_names_without_a_pattern_are_told_apart_by_their_difference():
    assert [r.number for r in read_all(["clip 7 rec of us.mp4", "clip 12 rec of us.mp4"])] == [7, 12]


def test_two_comes_before_ten():
    assert sorted(["a10", "a9", "a１"], key=natural) == ["a１", "a9", "a10"]
