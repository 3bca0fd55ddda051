"""How Chinese names are read. The answers are those of the dictionaries (现代汉语词典)."""

from __future__ import annotations

import pytest

from utils.chinese.pinyin import read
from utils.chinese.sounds import Sound, near, sounds
from utils.chinese.spelling import spellings


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("重庆森林", "chong qing sen lin"),
        ("重返十七岁", "chong fan shi qi sui"),
        ("银行家", "yin hang jia"),
        ("人在囧途", "ren zai jiong tu"),
        ("長安十二時辰", "chang an shi er shi chen"),
        ("乾隆王朝", "qian long wang chao"),
        ("音乐之声", "yin yue zhi sheng"),
        ("音乐和快乐", "yin yue he kuai le"),
        ("女儿国", "nv er guo"),
        ("绿皮书", "lv pi shu"),
        ("角斗士", "jue dou shi"),
        ("会计刺客", "kuai ji ci ke"),
        ("地下城", "di xia cheng"),
        ("我的", "wo de"),
    ],
)
def test_words_decide_between_readings(name, spoken):
    assert [readings[0] for readings in read(name)] == spoken.split()
    assert sounds(name)[0].syllables == spoken


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("大长今", {"dzj", "dcj"}),
        ("白蛇传", {"bsc", "bsz"}),
        ("都挺好", {"dth"}),
        ("藏海传", {"chc", "zhc", "chz", "zhz"}),
    ],
)
def test_readings_that_no_word_decides_are_all_kept(name, initials):
    assert {sound.initials for sound in sounds(name)} == initials


def test_latin_words_and_numbers_are_typed_as_they_are():
    assert sounds("流浪地球2") == [Sound("liu lang di qiu 2", "lldq2")]
    assert {s.initials for s in sounds("JOJO的奇妙冒险")} == {"jojodqmmx", "jdqmmx"}
    assert {s.initials for s in sounds("请回答 第二季")} == {"qhddej", "qhd2j"}
    assert sounds("007：无暇赴死")[0].pinyin == "007wuxiafusi"


@pytest.mark.parametrize("name", ["", "Avatar", "1917", "くもとちゅうりっぷ", "！"])
def test_names_without_chinese_have_no_pinyin(name):
    assert sounds(name) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("流浪地球", "牛浪地求"), ("无间道", "无间到"), ("长安", "藏安"), ("花木兰", "发木蓝"), ("星辰", "xincheng")],
)
def test_near_homophones_sound_the_same(one, other):
    assert near(one) == near(other)


def test_other_names_sound_different():
    assert near("流浪地球") != near("流浪月球")


def _parts(letters):
    ways = [
        " ".join(part.letters if part.whole else part.letters.upper() for part in way) for way in spellings(letters)
    ]
    if ways:
        assert ways[-1] == " ".join(letters.upper())  # any letters may be initials
    return ways if len(ways) < 2 else ways[:-1]


def test_typed_letters_are_taken_apart():
    assert _parts("liulangdiqiu") == ["liu lang di qiu"]
    assert _parts("lldq") == ["L L D Q"]
    assert _parts("liulangdq") == ["liu lang D Q"]
    assert set(_parts("fangan")) == {"fang an", "fan gan"}
    assert _parts("liuzhuan")[0] == "liu zhuan"
    assert _parts("chuangq")[0] == "chuang Q"
    assert _parts("q" * 500) == []
