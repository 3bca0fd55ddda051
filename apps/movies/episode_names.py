"""Reads season, episode and part from file names, as release groups, broadcasters and cameras write them.

Release terms are removed first. Then explicit markers are tried, strongest first: S02E05, 第5集, EP05, 5 of 9. Without
one, each remaining number is scored by its context: in brackets, after a dash, at the end, zero-padded. The highest
score is the episode number; if another scores about as high, the reading isn't sure. For names that belong together,
the number is where they differ.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

from apps.movies.episode_numbers import NTH, SEASON_CUT, UNITS, WORD, Number, number_of, spelt
from apps.movies.release_words import without_release
from utils.numerals import NUMERAL, value_of

SPECIALS = 0  # the season of specials: extras, trailers, OVAs

_HAN = "\u4e00-\u9fff"
_FIELD = re.compile(NUMERAL)
_EXTENSION = re.compile(r"\.(?!\d+$)(?!s\d+e\d+$)[a-z][a-z0-9]{1,4}$|\.(?:3gp|3g2|m2ts|mp4)$")
_WHOLE = re.compile(
    rf"(?:全|共)\s?{NUMERAL}\s?[{UNITS}季部]|更新?至\s?第?{NUMERAL}\s?[集话話期回]|{NUMERAL}\s?[集话話期回]全(?=\D{{0,40}}\d)"
)
_COPY = re.compile(rf"(?<=[{UNITS}\d])(?<!\d{{4}})\s?\(\d\)$|[\s._-]{1, 3}(?:副本|copy)$")  # added by operating systems
_YEAR = re.compile(
    r"[\[(]\s*(?:19|20)\d\d\s*(?:-\s*(?:(?:19|20)\d\d)?\s*)?[\])]|(?<!\d)(?:19|20)\d\d年(?!\d)"
    r"|(?<=[\s._\])-])(?<!- )(?:19|20)\d\d(?=[\s._\[(]|$)"
)
_DATE = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)(?:[-._/年 ](?P<m>\d\d?)[-._/月 ](?P<d>\d\d?)日?|(?P<m3>\d\d)(?P<d3>\d\d))(?!\d)"
    r"|(?<![a-z0-9])(?P<d2>\d\d)[.](?P<m2>\d\d)[.](?P<y2>(?:19|20)\d\d)(?!\d)"
)

_AFTER_DAY = re.compile(r"^(?:\s*期|[ _t-]{1,3}\d\d([-.:])\d\d\1\d\d(?!\d))")  # or a time of day of day of day
_SEASON = re.compile(
    r"(?<![a-z0-9])(?:season|saison|series|staffel|temporada|stagione|сезон)(?:[ ._]{0,2}|-)"
    rf"(?P<a>\d{{1,2}}(?!\d)|{WORD})"
    rf"|(?<![a-z0-9])s(?P<b>\d{{1,2}})(?=[ ._\[\]()-]*(?:ep?[ ._]?\d|\D|$))"
    rf"|第\s*(?P<c>{NUMERAL})\s*(?:季(?!度)|部(?!分)|シーズン|시즌)|(?:シーズン|시즌)\s*(?P<h>\d{{1,2}})(?!\d)"
    rf"|(?<![a-z0-9])(?P<d>\d{{1,2}})(?:st|nd|rd|th)[ ._-]season"
    rf"|(?<![a-z])(?P<i>{'|'.join(NTH)})[ ._-]season"
    rf"|(?<![{'一二三四五六七八九十百'}\d])(?P<e>{NUMERAL})\s*季(?!度)"
    rf"|第\s*(?P<f>{NUMERAL})\s*期(?=\s*\]\s*\[\s*\d{{1,3}}(?:v\d)?\s*\]|[^第]{{0,60}}第\s*{NUMERAL}\s*[话話集回])"
    rf"|第\s*(?P<g>{NUMERAL})\s*(?:[章週周]|单元|單元|模块)(?=[^第]{{0,60}}第\s*{NUMERAL}\s*[节節课課讲講集])"
    r"|(?<=[a-z!?\u3040-\u30ff\u4e00-\u9fff])[ _.]?(?<![a-z])(?P<j>iii?|iv|vi{1,3}|ix)(?=[ _.]*(?:-[ _]|\]?\[)\s*\d)"
)

_SPECIAL = re.compile(
    r"(?<![a-z])(?:(?:ova|oad|ncop|nced)(?![a-z])|(?:sp|pv|cm|mv|menu|trailer|teaser|specials?|extras?|bonus|"
    r"creditless|preview|behind[ ._-]the[ ._-]scenes|making[ ._-]of|featurette|interview|gag[ ._-]reel)"
    r"(?![a-z]|[ ._-]*ep?[ ._]?\d|[ ._]+[a-z]{2}))(?:_?ep)?[ ._-]*(?P<n>\d{1,3})?(?!\d)"
    r"|(?<=\[)(?:iv|logo|op|ed)\s?(?P<l>\d{1,2})?(?=\])|(?<=[\s_])(?:op|ed)(?P<o>\d{1,2})(?![a-z0-9])"
    r"|(?<![+含附])(?:特别[篇版节集企]|特別[篇版節企編]|特典|特番|番外[篇集編]?|加更[版]?|[纯純]享[版]?|[总總総]集[篇編编]|抢先看|先[导導][片集]?|"
    rf"先行[版片])(?:\s*(?P<m>{NUMERAL})(?![\d{_HAN}]))?"
    r"|(?<![+含附])(?:花絮|预告[片]?|預告[片]?|彩蛋|幕后|幕後|特辑|特輯|片花|片[头頭尾]曲?|主[题題]曲|插曲|采访|专访|訪談|访谈|删减)"
    rf"(?:合集|集锦|片段|特辑)?(?:\s*(?P<k>{NUMERAL})(?![\d{_HAN}]))?(?![{_HAN}])"
)
_WEAK = {
    "采访",
    "专访",
    "访谈",
    "訪談",
    "抢先看",
    "interview",
    "preview",
}  # no special beside a number or a date
_PART = re.compile(
    rf"[{UNITS}\d]\s*[-_ .]?\s*[(\[]?\s*(?P<a>[上中下])\s*[)\]]?(?![\u4e00-\u9fff])"
    r"|[(\[ ._-]\s*(?P<b>[上中下])[集部篇]?\s*[)\]]?\s*$|(?P<c>[上中下前后後])[集部篇编編](?![\u4e00-\u9fff])"
    rf"|[(\[]\s*(?P<d>\d)\s*/\s*\d\s*[)\]]|(?<![a-z])(?:part|pt|cd|disc)[ ._-]*(?P<e>\d{{1,2}}(?![a-z0-9])|{WORD})"
)
_CUT_PART = re.compile(
    r"[(\[]\s*\d\s*/\s*\d\s*[)\]]"
    rf"|(?<![a-z])(?:part|pt|cd|disc)[ ._-]*(?:\d{{1,2}}(?!\d)|{WORD})(?:[ ._]of[ ._]\d{{1,2}})?"
    r"|[(\[ ._-]?[上中下][集部篇]?\s*[)\]]?\s*$"
)
_ONLY_PART = re.compile(
    rf"(?<![a-z])(?:(?:part|pt|cd|dis[ck])[ ._-]*(\d{{1,2}}(?!\d)|{WORD})"
    rf"|(?:chapter|unit|module|lesson|day|week|session|section|volume|book|act)[ ._-]+({WORD}))"
)
_PARTS = {"上": 1, "前": 1, "中": 2, "下": 3, "后": 3, "後": 3}


@dataclass(frozen=True)
class Reading:
    """What a name says. The season defaults to 1; `part` is 0 for a whole episode, 上 1, 中 2, 下 3.

    `marked`: the number has an explicit marker (第3集, EP03); `sure`: no other number is likely.
    """

    name: str
    season: int = 1
    number: int | None = None
    part: int = 0
    day: date | None = None
    marked: bool = False
    sure: bool = True

    @property
    def is_special(self) -> bool:
        return self.season == SPECIALS

    @property
    def order(self) -> tuple[object, ...]:
        """Sort key: seasons, then specials; names without information last."""
        unread = self.number is None and self.day is None and not self.part
        return (
            self.is_special,
            self.season,
            unread,
            self.day or date.min,
            self.number or 0,
            self.part,
            # names without digits keep their order
            natural(self.name) if re.search(r"\d", _plain(self.name)) else (),
        )


def read(name: str) -> Reading:
    """Read one file name, including its extension."""
    text, day = _dated(_WHOLE.sub(" ", without_release(_COPY.sub("", _plain(name)))))
    text = _YEAR.sub(" ", text).strip(" .-_~")
    season, part, special = _season(text), _part(text), _SPECIAL.search(text)
    number = number_of(text, _SEASON.sub(SEASON_CUT, _CUT_PART.sub(" ", text) if part else text))
    if number.value is None and (only := _ONLY_PART.search(text)):
        number, part = Number(spelt(only[1] or only[2])), 0
    if number.season is not None:
        season = number.season
    elif number.half or (special and not ((number.value or day) and special[0].strip() in _WEAK)):
        own = next((g for g in special.groups() if g), None) if special else None
        number = replace(number, value=value_of(own) if own and len(own) < 4 else number.value)
        season = SPECIALS
    return Reading(name, 1 if season is None else season, number.value, part, day, number.marked, number.sure)


def read_all(names: Sequence[str]) -> list[Reading]:
    """Read names that belong together: if they yield equal numbers or none, the number is where they differ."""
    readings = [read(name) for name in names]
    plain = [_plain(name) for name in names]
    fields = [[value for text in _FIELD.findall(one) if (value := value_of(text)) is not None] for one in plain]
    alike: dict[str, list[int]] = defaultdict(list)
    for n, one in enumerate(plain):
        if not readings[n].is_special and readings[n].day is None:
            alike[_FIELD.sub("0", one)].append(n)
    for group, dense in [*((group, False) for group in alike.values()), (list(chain(*alike.values())), True)]:
        if len(group) < 2:
            continue  # nothing to compare with
        told = [readings[n].number for n in group]
        if None not in told and len(set(told)) == len(told):
            sure = len(told) > 2 and _dense([number or 0 for number in told])
            for n in group:
                readings[n] = replace(readings[n], sure=sure or readings[n].sure)
        elif len(set(told) - {None}) > 1 or any(readings[n].marked or readings[n].part for n in group):
            continue  # duplicate numbers are shown to the curator
        elif column := _differing([fields[n] for n in group], dense=dense):
            for n, value in zip(group, column, strict=True):
                readings[n] = replace(readings[n], number=value, sure=True)
    return readings


def _differing(rows: Sequence[Sequence[int]], *, dense: bool) -> Sequence[int] | None:
    """The first column of distinct numbers, if `dense` also close to each other."""
    for column in zip(*rows, strict=False):
        if len(set(column)) == len(column) and max(column) < 10_000 and (not dense or _dense(column)):
            return column
    return None


def _dense(numbers: Sequence[int]) -> bool:
    """Whether the numbers may be one season's episodes, with a few missing."""
    return max(numbers) - min(numbers) < 2 * len(numbers)


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A natural sort key: "2" before "10"."""
    parts = re.split(r"(\d+)", unicodedata.normalize("NFKC", text).casefold())
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p)


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).casefold().strip()
    text = re.sub(r"\s+", " ", text.translate(str.maketrans("〇【】–—丨", "零[]--|")))
    return _EXTENSION.sub("", text)


def _dated(text: str) -> tuple[str, date | None]:
    """The text without its date, and the date."""
    for found in _DATE.finditer(text):
        said = {key[0]: int(value) for key, value in found.groupdict().items() if value}
        try:
            day = date(said["y"], said["m"], said["d"])
        except ValueError:
            continue
        before, after = text[: found.start()], text[found.end() :]
        return before.removesuffix("第") + " " + _AFTER_DAY.sub("", after), day
    return text, None


def _season(text: str) -> int | None:
    found = _SEASON.search(text)
    return spelt(next(g for g in found.groups() if g)) if found else None


def _part(text: str) -> int:
    found = _PART.search(text)
    if not found:
        return 0
    said = next(g for g in found.groups() if g)
    return _PARTS.get(said) or spelt(said) or 0
