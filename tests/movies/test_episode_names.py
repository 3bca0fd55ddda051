"""What names of files say of season and number; the lists (season|number|name) stand in a folder beside this file."""

from __future__ import annotations

import random
import time
from itertools import product
from pathlib import Path

import pytest

from apps.movies.episode_names import natural, read, read_all
from utils.numerals import value_of

LISTS = sorted((Path(__file__).parent / "episode_names").glob("*.csv"))
RIGHT = 0.98  # of each list


def told(name: str) -> tuple[str, str]:
    reading = read(name)
    return str(reading.season), "-" if reading.number is None else str(reading.number)


@pytest.mark.parametrize("listed", LISTS, ids=lambda path: path.stem)
def test_season_and_number_are_read_off_real_names(listed):
    rows = [line.split("|", 2) for line in listed.read_text().splitlines() if line and line[0] != "#"]
    wrong = [(name, (season, number), told(name)) for season, number, name in rows if told(name) != (season, number)]
    assert len(rows) > 50
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


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["clip 7 rec of us.mp4", "clip 12 rec of us.mp4"], [7, 12]),
        # each by itself reads as the number that stands in all of them
        (["9班3组 x9.mp4", "9班4组 x9.mp4", "9班5组 x9.mp4"], [3, 4, 5]),
        (["24 hours b7c - 24.mp4", "24 hours b8c - 24.mp4"], [7, 8]),
        (["甲一乙 (9).mp4", "甲二乙 (9).mp4", "甲三乙 (9).mp4"], [1, 2, 3]),
        # other words in each, and the number at the same place
        (["高数2 1极限 5.mp4", "高数2 2导数 5.mp4", "高数2 3积分 5.mp4"], [1, 2, 3]),
        # far apart, so none of them counts anything
        (["甲 a500b.mp4", "乙 c7d.mp4", "丙 e9000f.mp4"], [None, None, None]),
        # what a mark tells stands: two of one number are the curator's to tell apart
        (["第1集.mp4", "第1集.mkv"], [1, 1]),
        (["第1集 v1.mp4", "第1集 v2.mp4", "第1集 v3.mp4"], [1, 1, 1]),
        (["甲 第1集 5天.mp4", "乙 第1集 6年.mp4", "第2集.mp4"], [1, 1, 2]),
    ],
)
def test_names_that_belong_together_are_told_apart_by_their_difference(names, numbers):
    assert [r.number for r in read_all(names)] == numbers


@pytest.mark.parametrize(
    ("name", "sure"),
    [
        ("琅琊榜 第3集.mp4", True),
        ("Show.S01E03.mkv", True),
        ("[Group] Title - 03 [1080p].mkv", True),
        ("电影 3 归来.mp4", False),
        ("Number 8 Street 9.mp4", False),
        ("Friends_-_214_-_511_Kinderheim.avi", False),
    ],
)
def test_a_number_that_may_be_another_is_not_sure(name, sure):
    assert read(name).sure is sure


def test_a_season_of_vague_names_is_sure_where_they_count_on():
    names = [f"电影 {n} 归来.mp4" for n in (1, 2, 3)]
    assert [(r.number, r.sure) for r in read_all(names)] == [(1, True), (2, True), (3, True)]


def test_hostile_names_cost_no_more_than_others():
    pieces = [
        "[", "(", "第", "1", "s", "e", "-", " ", ".", "x", "一", "第1", "[1", "1x1", "s1", "of ", "1 ", "1.", "-1",
        "part ", "0123", "a1", "2020", "v1", "]", "十", "期", "章", "season ", "\n", "www.", "@", "[a.",
        "全", "至", "ii ", "~", "特别篇",
        "sp", "上", "1/", "1980", "2024-1-", "1080p ", "5.1", "aac5.1 ", "月", "1 of", "第1[", " 第1章 ",
        "copy",
    ]  # fmt: skip
    mixed = random.Random(7)
    names = ["".join(mixed.choices(pieces, k=255))[:255] for _ in range(20)]
    names += [((a + b) * 255)[:255] for a, b in mixed.sample(list(product(pieces, repeat=2)), 40)]
    names += [((a + b) * 255)[:255] for a, b in [("第", "1"), ("1", " "), ("5.1", " "), ("[", "1"), ("-", "-")]]
    plain = _spent(("Show.S01E03.1080p.WEB-DL.x264-GROUP." * 8)[:255])
    assert {name: cost for name in names if (cost := _spent(name)) > 50 * plain} == {}


def _spent(name: str) -> float:
    """Seconds of processor time to read a name, the least of three."""
    least = 1.0
    for _ in range(3):
        begun = time.thread_time()
        read(name)
        least = min(least, time.thread_time() - begun)
    return least


@pytest.mark.parametrize("piece", ["第1", "[", "1 ", "第", "1-", "of 1 ", "季", " 上", "\n"])
def test_longer_names_cost_in_proportion(piece):
    long, short = (_spent((piece * length)[:length]) for length in (1000, 250))
    assert long < 8 * short + 0.001


def test_two_comes_before_ten():
    assert sorted(["a10", "a9", "a１"], key=natural) == ["a１", "a9", "a10"]
