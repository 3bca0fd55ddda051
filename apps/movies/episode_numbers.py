"""Finds the episode number in a file name: by markers, else the most likely number."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from apps.movies.release_words import BREAK
from utils.numerals import NUMERAL, value_of

SEASON_CUT = "\t"  # placeholder for the season; names contain no tabs
UNITS = "集话話期回课課讲講章节節堂夜"
_CJK = "\u3040-\u30ff\u4e00-\u9fff"

# Spelt-out numbers, after a marker only.
_WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_ROMAN = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"]
NTH = ["first", "second", "third", "fourth", "fifth", "sixth"]
_SPELT = {word: n for words in (_WORDS, _ROMAN, NTH) for n, word in enumerate(words, start=1)}
WORD = rf"(?:{'|'.join(sorted([*_WORDS, *_ROMAN], key=len, reverse=True))})(?![a-z0-9])"
_N = r"(?P<n>\d{1,5})(?P<half>\.5(?!\d))?(?!\d)"
_ZH = rf"(?P<n>{NUMERAL})(?P<half>\.5)?"

_EPISODE = (
    r"(?:episodes?|episodio|episódio|épisode|folge|avsnitt|afl|cap(?:[ií]tulo)?|серия|эпизод|tập|ตอนที่|eps?|"
    r"lesson|lecture|lec)"
)
_MARKS = [
    re.compile(pattern)
    for pattern in (
        rf"(?<![a-z0-9])[st](?P<s>\d{{1,4}})[ ._-]*(?:x?ep?|x)[ ._-]?{_N}",
        r"(?<![a-z0-9])(?P<s>\d{1,2}|(?:19|20)\d\d)x(?P<n>\d{2,3})(?![0-9a-wyz])",
        r"[-\[][\s_]{0,3}(?P<s>\d{1,2})x(?P<n>\d)(?=$|[\s._\]-])",
        rf"第\s*{_ZH}\s*(?:[-~至到、&]\s*第?{NUMERAL}\s*)?[集话話回화회]",
        rf"第\s*{_ZH}\s*(?:[-~至到、&]\s*第?{NUMERAL}\s*)?[期课課讲講节節堂夜]",
        rf"第\s*{_ZH}\s*(?:[-~至到]\s*{NUMERAL}\s*)?(?:[章弹番场場幕天日辑]|课时|单元|部分)",
        rf"(?<![a-z]){_EPISODE}(?:[ ._:#-]{{0,3}}{_N}|[ ._:-]{{1,3}}(?P<w>{WORD}))",
        r"#\s*(?P<n>\d{1,4})(?!\d)",
        r"(?<![a-z0-9])(?P<n>\d{1,3})[ ._]?of[ ._]?\d{1,3}(?![a-z0-9])",
        r"(?<![a-z0-9])(?P<n>\d{1,3})\s?/\s?[1-9]\d{1,2}(?![a-z0-9])",
        rf"(?:课时|单元|模块|任务|项目|实验|案例|专题)\s*(?P<n>{NUMERAL})",
        rf"(?<![a-z0-9])e[ ._]?{_N}(?![a-df-z])",
        rf"(?<![\d一二三四五六七八九十百])(?<!\d\.)(?P<n>{NUMERAL})(?:\s*[-~至到、]\s*{NUMERAL})?\s*[集话話期回课課讲講회화](?![\u4e00-\u9fff]{{2,}}\s)",
        r"(?<!\d)(?P<n>\d{1,4})[ ._]{0,2}(?:b[oö]l[uü]m|blm|серия)(?![a-z])",
        r"^(?P<s>\d{1,2})[-.](?P<n>\d{1,2})(?=[\s_、]+[^\W\d])",
    )
]
_BY_BOTH = 3  # the markers before this one include the season and take precedence

_NUMBER = re.compile(r"(?<!\d)(?P<n>0{0,4}\d{1,4})(?P<half>\.5(?!\d))?(?!\d)")
_ENDED = r"[(\[]?(?:end|fin(?:al)?|完结?|完結|終|终|全|大?结局|大結局)[)\]]?"
_TAIL = re.compile(rf"(?:[ ._-]?v\d(?![a-z0-9]))?(?:[ ._-]{{0,3}}{_ENDED}(?![a-z\u4e00-\u9fff]))?")
_RANGE = re.compile(r"(?<![\d.-])(\d{2,4})(?:[-+]|\s?[~&]\s?)(\d{2,4})(?![\d.-])")
_LAST = re.compile(rf"[\s._\])}}」』-]*(?:$|{BREAK}|[\[(【])")
_NAMED = re.compile(
    r"(?<![a-z])(?:chapter|ch|unit|class|day|week|vol(?:ume)?|tutorial|module|session|section|video|topic|no|p|l|卷|其|之)"
    r"[ ._:#-]{0,3}$"
)
_GROUP = re.compile(
    r"\s*\[(?![^\]]*第)(?=[^\]]*[a-z\u4e00-\u9fff])(?!\s*(?:tv\s*)?\d{1,3}\s*(?:v\d|end|完|終|终|话|話|集|回))[^\]]*\](?=.)"
)
_COUNTED = "天年月日岁歲人次号號楼个位种条点块元万亿度代级届周世大小分秒"  # 7天, 21世纪: quantities
_HEIGHTS = {"480", "540", "576", "720", "1080", "1440", "2160"}  # video heights
_LEAST, _SURE, _LEAD = 2, 5, 2  # scores: minimum, minimum for a sure number, lead over the next

_LAST_RESORTS = [
    re.compile(rf"^(?P<n>{WORD})$"),
    re.compile(r"[\s_-](?P<s>\d{1,2})\.(?P<n>\d{2})(?=$|[\s_\[(-])"),
    re.compile(rf"第\s*(?P<n>{NUMERAL})\s*(?:次课|[\u4e00-\u9fff](?![\u4e00-\u9fff]))"),
    re.compile(r"^[(\[]?\s*(?P<n>[一二三四五六七八九十百廿卅壹贰叁肆伍陆柒捌玖拾]{1,4})\s*(?:[)\]、.:]|$)"),
    re.compile(r"(?:卷|其|之|[\s._(-])\s*(?P<n>[一二三四五六七八九十百廿卅]+)[\s)]*$"),
]


@dataclass(frozen=True)
class Number:
    """A number found in a name: `season` if written together, `half` for 12.5, `marked` if not found by score.

    `sure` is False if another number is likely too.
    """

    value: int | None = None
    season: int | None = None
    half: bool = False
    marked: bool = True
    sure: bool = True


def spelt(text: str) -> int | None:
    """21 of "21" or "二十一", 3 of "iii" or "three"; None of anything else."""
    return _SPELT.get(text) or value_of(text)


def number_of(text: str, bare: str) -> Number:
    """The number in a normalised name; `bare` has SEASON_CUT in place of the season and no part."""
    for place, pattern in enumerate(_MARKS):
        if found := pattern.search(text if place < _BY_BOTH else bare.strip()):
            return _number(found)
    bare = _RANGE.sub(_first, bare).strip(" .-_")
    weighed = sorted(_weighed(bare), key=lambda pair: pair[0])  # on a tie the later one, as titles precede numbers
    if weighed and weighed[-1][0] >= _LEAST:
        most, best = weighed[-1]
        next_best = max((weight for weight, other in weighed if other.value != best.value), default=0)
        return replace(best, sure=most >= _SURE and most - next_best >= _LEAD)
    for pattern in _LAST_RESORTS:
        if found := pattern.search(bare):
            return replace(_number(found), marked=False, sure=False)
    return Number(marked=False)


def _number(found: re.Match[str]) -> Number:
    said = found.groupdict()
    season = said.get("s")
    return Number(spelt(said.get("n") or said["w"]), int(season) if season else None, bool(said.get("half")))


def _first(span: re.Match[str]) -> str:
    """ "01" for "01-12"; "22-7" isn't a range."""
    return span[1] if span[1] < span[2] and len(span[1]) == len(span[2]) else span[0]


def _weighed(text: str) -> Iterable[tuple[int, Number]]:
    """The candidate numbers with their scores, in order."""
    tag = _GROUP.match(text)
    start = tag.end() if tag else 0
    first_break = text.find(BREAK, start + 4)
    before = False
    for found in islice(_NUMBER.finditer(text, start), 40):  # more than in any real name
        if (weight := _weight(text, found, start)) is not None:
            if 0 <= first_break < found.start():  # numbers after release terms are less likely
                weight -= 2 if before else 1
            elif weight >= _LEAST:
                before = True
            yield weight, Number(int(found["n"]), half=bool(found["half"]), marked=False)


def _weight(text: str, found: re.Match[str], start: int) -> int | None:
    """The score of a number; None if it can't be an episode number."""
    digits = found["n"]
    before, after = text[start : found.start()].rstrip(BREAK), text[found.end() :]
    if re.search(r"(?<!\d)\d{1,3}\.$", before[-5:]):
        return None
    if re.match(r"\.\d", after) or 1900 <= int(digits) <= 2099 or digits == "0":
        return None
    named = _NAMED.search(before[-16:])
    letters = re.search(r"[a-z0-9]*$", before[-24:])[0]  # type: ignore[index]
    if letters and not named and not letters.isalpha():
        return None
    padded = digits[0] == "0" and len(digits) > 1
    after = after[_TAIL.match(after).end() :]  # type: ignore[union-attr]
    left, right = before[-1:], after[:1]
    if re.match(r"[a-z]", right):
        return None
    last = bool(_LAST.match(after))
    weight = (3 if padded else 0) + (1 if len(digits) in (2, 3) else 0) + (4 if named else 0) + (3 if last else 0)
    bracketed = re.search(r"[\[(「『{]\s*(?:tv\s*)?$", before[-6:])
    if bracketed and re.match(r"\s*[\])」』}]", after):
        again = re.search(r"(?:^|[\s_.\]-])\d{2,4}[\s_]+\($", before[-8:])  # 12 (48): an alternative numbering
        weight += 6 if "[" in bracketed[0] else -2 if again else 5
    elif re.search(r"(?:^|[\s._\])])-[\s_.]*$", before[-6:]):
        weight += 5 + bool(re.match(r"[\s_.]*-[\s_]", after))
    elif left and left.isascii() and left.isalpha() and not named:
        weight -= 1
    elif not padded and not named and re.search(r"(?:[a-z]|(?<!\d)\d{1,3})-$", before[-5:]):
        weight -= 2  # catch-22
    else:
        weight += 1
    if before.rstrip(" ._-").endswith(SEASON_CUT):
        weight += 2
    if not before.strip(" ._-[("):
        if last or re.match(r"\s*[.、,)\]|_:-]", after):
            weight += 3
        elif re.match(rf"\s+[{_CJK}]", after):
            weight += 2
        else:
            weight -= 2  # 24 hours
        if re.match(r"\.[a-z]", after) and len(digits) == 4:
            weight -= 4  # 1066.the.battle
    if digits in _HEIGHTS:
        weight -= 3
    if right and right in _COUNTED:
        weight -= 4
    elif re.match(rf"[{_CJK}]", right):
        weight -= 3
    elif right == "-" and not padded and re.match(r"-[a-z\d]", after):
        weight -= 2
    elif not last and right in " ._-:、,|":
        weight += 1
    return weight
