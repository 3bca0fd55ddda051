"""One form for what viewers type and for what titles are called."""

from __future__ import annotations

import pytest

from utils.chinese.folding import compact, tokens


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("龍珠超", "龙珠超"),
        ("鐵臂阿童木", "铁臂阿童木"),
        ("鉄腕アトム", "铁腕あとむ"),
        ("進撃の巨人", "进击の巨人"),
        ("妳的名字", "你的名字"),
        ("甚麼時候", "什么时候"),
        ("復甦", "复苏"),
        ("裡面", "里面"),
        ("臺灣", "台湾"),
        ("ｆｕｌｌ　ｗｉｄｔｈ", "Full Width"),
        ("Amelie", "AMÉLIE"),
        ("ｶﾞﾝﾀﾞﾑ", "ガンダム"),
        ("列奥纳多迪卡普里奥", "列奥纳多·迪卡普里奥"),
        ("你好李焕英", "你好，李焕英！😀"),
        ("oceans eleven", "Ocean’s Eleven"),
        ("7龙珠", "七龙珠"),
    ],
)
def test_spellings_of_one_name_meet(typed, title):
    assert compact(typed) == compact(title)


@pytest.mark.parametrize(
    "typed",
    [
        "第二季",
        "第2季",
        "第 2 季",
        "2季",
        "S2",
        "s02",
        "Season 2",
        "2nd Season",
        "second season",
        "第2期",
        "第2シーズン",
    ],
)
def test_a_season_has_one_spelling(typed):
    assert tokens(f"请回答 {typed}") == ["请", "回", "答", "2", "季"]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("第十二集", ["12", "集"]),
        ("12集", ["12", "集"]),
        ("S2E12", ["2", "季", "12", "集"]),
        ("第二十一话", ["21", "集"]),
        ("第十季", ["10", "季"]),
        ("Part 3", ["3", "部"]),
        ("PART.2", ["2", "部"]),
        ("Rocky III", ["rocky", "3"]),
        ("第九区", ["9", "区"]),
        ("十二生肖", ["十", "2", "生", "肖"]),
        ("西部世界", ["西", "部", "世", "界"]),
        ("回忆", ["回", "忆"]),
        ("S.W.A.T.", ["s", "w", "a", "t"]),
        ("！？…", []),
        ("", []),
    ],
)
def test_numbers_and_words_are_told_apart(typed, read):
    assert tokens(typed) == read


def test_different_names_stay_different():
    assert compact("龙与虎") != compact("龙与狐")
    assert compact("第二季") != compact("第三季")
    assert compact("は") != compact("ば")
