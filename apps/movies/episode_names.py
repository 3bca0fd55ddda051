"""Which part of a series a file is, read off its name, as release groups, broadcasters and cameras write it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from utils.numerals import NUMERAL, value_of

SPECIALS = 0  # the season of what belongs to none: extras, trailers, OVAs
UNITS = "集话話期回课課讲講章节節堂夜"

_EXTENSION = re.compile(r"\.(?!\d+$)[a-z][a-z0-9]{1,4}$|\.(?:3gp|3g2|m2ts|mp4)$")
_CHECKSUM = re.compile(r"[\[(]\s*(?=[0-9a-f]*[a-f])[0-9a-f]{8}\s*[\])]")
_NOISE = re.compile(
    r"""(?<![a-z0-9])(?:
        \d{3,4}[pi](?:\d{2,3})?      | \d{3,4}\s?[x×]\s?\d{3,4}     | [2468]k(?![a-z])
      | [xh][ .]?26[3-6]             | hevc(?:-?10)? | avc | av1 | vp[89] | mpeg-?[1-4] | mp[34] | xvid | divx
      | (?:8|10|12)[ -]?bits?        | hi10p?        | main10 | ma10p | hdr(?:10\+?)? | dovi | uhd | fhd
      | (?:aac|ac3|e-?ac-?3|ddp?a?\+?|dts(?:-?hd)?(?:[ .-]?ma)?|truehd|flac|opus|lpcm|atmos)(?:[ ._-]?[1-9]\.[0-9])?
      | (?!^)(?<!\d\.)[1257]\.[012](?:ch)?(?=[\s._\[\]()-]|$) (?!\.?\d)
      | \d{2,3}(?:\.\d+)?\s?(?:fps|hz|帧)
      | \d+(?:\.\d+)?\s?(?:[kmg]b|[km]bps|[小]?时|分钟|分(?!集)|min(?:utes)?)(?![a-z])
      | (?:全|共)\s?\d+\s?[集话話期回课課讲講章节節] | 更新?至\s?第?\d+\s?[集话話期回]
      | ddp?[57]1 | web-?dl | web-?rip | blu-?ray | bd-?rip | hd-?tv | dvd-?rip | remux
    )(?![a-z0-9])""",
    re.VERBOSE,
)
_WHOLE = re.compile(rf"(?:全|共)\s?{NUMERAL}\s?[{UNITS}季部]|(?<=\d)[ ._]of[ ._]\d{{1,3}}(?!\d)")
_COPY = re.compile(rf"(?:(?<=[{UNITS}])|(?<=[\s._-]\d\d))\s?\(\d\)$|[\s._-]+(?:副本|copy)$")  # what systems add
_YEAR = re.compile(r"[\[(]\s*(?:19|20)\d\d\s*(?:-\s*(?:(?:19|20)\d\d)?\s*)?[\])]|(?<!\d)(?:19|20)\d\d年(?!\d)")
_DATE = re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<s>[-._/年 ]?)(?P<m>\d\d?)(?:[-._/月 ])?(?P<d>\d\d?)日?(?!\d)")

_SEASON = re.compile(
    rf"(?<![a-z0-9])(?:season|saison|series|staffel)[ ._-]*(?P<a>\d{{1,2}})(?!\d)"
    rf"|(?<![a-z0-9])s(?P<b>\d{{1,2}})(?=[ ._\[\]()-]*(?:ep?[ ._]?\d|\D|$))"
    rf"|第\s*(?P<c>{NUMERAL})\s*[季部]"
    rf"|(?<![a-z0-9])(?P<d>\d{{1,2}})(?:st|nd|rd|th)[ ._-]season"
    rf"|(?<![{'一二三四五六七八九十百'}\d])(?P<e>{NUMERAL})\s*季"
    rf"|第\s*(?P<f>{NUMERAL})\s*期(?=\s*\]\s*\[\s*\d{{1,3}}(?:v\d)?\s*\])"  # as fansubs say it
)
_SEASON_WORDS = re.compile(r"(?<![a-z])(first|second|third|fourth|fifth|sixth)[ ._-]season")
_WORDS = ["first", "second", "third", "fourth", "fifth", "sixth"]

_V = r"(?:[ ._-]?v\d)?"
_END = r"(?:[ ._-]*[(\[]?(?:end|fin(?:al)?|完结?|終|终)[)\]]?)?"
_NUMBERS = [
    re.compile(pattern)
    for pattern in (
        r"(?<![a-z0-9])s\d{1,2}[ ._-]*(?:ep?)[ ._]?(?P<n>\d{1,4})",
        r"(?<![a-z0-9])(?P<s>\d{1,2})x(?P<n>\d{2,3})(?![a-z0-9])",
        rf"第\s*(?P<n>{NUMERAL})\s*(?:[-~至到、&]\s*第?{NUMERAL}\s*)?[{UNITS}]",
        rf"第\s*(?P<n>{NUMERAL})\s*(?:[-~至到]\s*{NUMERAL}\s*)?(?:弹|番|场|天|日|周|课时|单元)",
        r"(?<![a-z])(?:episode|episodio|folge|ep|eps|lesson|lecture|lec|chapter|ch|unit|class|day|week|vol|"
        r"tutorial|module|session|section|video|topic|p|#)"
        r"[ ._:#-]*(?P<n>\d{1,4})(?![0-9])",
        r"#\s*(?P<n>\d{1,4})(?!\d)",
        rf"(?:课时|单元|模块|任务|项目|实验|案例|专题)\s*(?P<n>{NUMERAL})",
        r"(?<![a-z0-9])e[ ._]?(?P<n>\d{1,4})(?![a-z0-9])",
        rf"(?<![\d一二三四五六七八九十百])(?P<n>{NUMERAL})\s*[集话話期回课課讲講회화](?![\u4e00-\u9fff]{{2,}}\s)",
        rf"[\[【]\s*(?:tv\s*)?(?P<n>\d{{1,3}})(?:\.\d)?{_V}{_END}\s*[\]】]",
        rf"(?:^|[\s._\])】])[-–—]\s*(?P<n>\d{{1,4}}){_V}{_END}(?=$|[\s._\[\](【-])",
        r"(?<![a-z])no[ ._#:-]*(?P<n>\d{1,4})(?!\d)",
        rf"[(「『]\s*(?P<n>\d{{1,3}}){_V}{_END}\s*[)」』]",
        r"^(?P<s>\d{1,2})[-.](?P<n>\d{1,2})(?=[\s_、]+[^\W\d])",
        r"^(?:\[[^\]]*\]\s*)*(?P<n>0\d{1,3}|\d{1,4}(?=\s*[.、_,)\]】|-]|\s*$))(?!\d)(?!\s*[xk]\b)",
        r"[\s_-](?P<s>\d{1,2})\.(?P<n>\d{2})(?=$|[\s_\[(-])",
        rf"(?<!\d)(?<!\d\.)(?P<n>\d{{1,4}}){_V}{_END}[\s._\[\](){{}}-]*$",
        rf"(?:[\s._-]|(?<=[\u4e00-\u9fff]))(?P<n>0\d{{1,2}}){_V}{_END}(?=[\s._\[(-])",
        r"[\s_](?P<n>\d{1,3})[.、](?=[\u4e00-\u9fff])",
        r"^[(\[]?\s*(?P<n>[一二三四五六七八九十百廿卅壹贰叁肆伍陆柒捌玖拾]{1,4})\s*(?:[)\]、.:]|$)",
        r"^(?P<n>\d{1,3})\s+(?=[\u4e00-\u9fff])",
        r"(?:卷|其|之|[\s._(-])\s*(?P<n>[一二三四五六七八九十百廿卅]+)[\s)]*$",
    )
]
_SPECIAL = re.compile(
    r"(?<![a-z])(?:sp|ova|oad|ncop|nced|pv|cm|mv|menu|trailer|teaser|specials?|extras?|bonus|creditless|preview|"
    r"behind[ ._-]the[ ._-]scenes|making[ ._-]of|featurette|interview)(?![a-z])[ ._-]*(?P<n>\d{1,3})?(?!\d)"
    rf"|(?:特别[篇版节集]|特別[篇版]|特典|番外[篇集]?|加更[版]?|纯享[版]?|总集篇|抢先看|先导[片集]?|先行[版片])\s*(?P<m>{NUMERAL})?"
    r"|(?:花絮|预告[片]?|預告[片]?|彩蛋|幕后|幕後|特辑|特輯|片花|片头曲|片尾曲|主题曲|插曲|采访|专访|訪談|访谈|删减)"
    rf"(?:合集|集锦|片段|特辑)?\s*(?P<k>{NUMERAL})?(?![\u4e00-\u9fff])"
)
_PART = re.compile(
    rf"[{UNITS}\d]\s*[-_ .]?\s*[(\[]?\s*(?P<a>[上中下])\s*[)\]]?(?![\u4e00-\u9fff])"
    r"|[(\[ ._-]\s*(?P<b>[上中下])[集部篇]?\s*[)\]]?\s*$|(?P<c>[上中下])[集部篇](?![\u4e00-\u9fff])"
    r"|[(\[]\s*(?P<d>\d)\s*/\s*\d\s*[)\]]|(?<![a-z])(?:part|pt|cd|disc)[ ._-]*(?P<e>\d{1,2}|i{1,3})(?![a-z0-9])"
)
_ONLY_PART = re.compile(r"(?<![a-z])(?:part|pt)[ ._-]*(\d{1,2})(?!\d)")
_PARTS = {"上": 1, "中": 2, "下": 3, "i": 1, "ii": 2, "iii": 3}


@dataclass(frozen=True)
class Reading:
    """What a name says. A season that isn't named is the first; `part` is 0 for a whole, 上 1, 中 2, 下 3."""

    name: str
    season: int = 1
    number: int | None = None
    part: int = 0
    day: date | None = None

    @property
    def is_special(self) -> bool:
        return self.season == SPECIALS

    @property
    def order(self) -> tuple[object, ...]:
        """Sorts a series: its seasons, then its specials; what says nothing stands last."""
        unread = self.number is None and self.day is None and not self.part
        return (
            self.is_special,
            self.season,
            unread,
            self.day or date.min,
            self.number or 0,
            self.part,
            natural(self.name)
            if re.search(r"\d", _plain(self.name))
            else (),  # words alone keep the order they came in
        )


def read(name: str) -> Reading:
    """Read one file's name, its extension too."""
    text = _plain(name)
    text = _COPY.sub("", text)
    text = _WHOLE.sub(" ", _NOISE.sub(" ", _CHECKSUM.sub(" ", text)))
    text, day = _dated(text)
    text = _YEAR.sub(" ", text).strip(" .-_")
    season = _season(text)
    part = _part(text)
    special = _special(text)
    number, named = _number(text, part)
    if named is not None:
        season = named
    if number is None and (only := _ONLY_PART.search(text)):
        number, part = int(only[1]), 0
    if special and not _NUMBERS[0].search(text):
        own = next((g for g in special.groups() if g), None)
        return Reading(name, SPECIALS, value_of(own) if own else number, part, day)
    return Reading(name, 1 if season is None else season, number, part, day)


def read_all(names: Sequence[str]) -> list[Reading]:
    """Read names that belong together: where one says nothing by itself, its difference from the others does."""
    readings = [read(name) for name in names]
    silent = [n for n, r in enumerate(readings) if r.number is None and r.day is None and not r.part]
    if len(silent) < 2:  # nothing to compare with
        return readings
    digits = [re.findall(r"\d+", _plain(names[n])) for n in silent]
    if len({len(row) for row in digits}) != 1:
        return readings
    for column in zip(*digits, strict=True):
        if len(set(column)) == len(silent) and all(int(v) < 10_000 for v in column):
            for n, v in zip(silent, column, strict=True):
                readings[n] = replace(readings[n], number=int(v))
            break
    return readings


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which "2" comes before "10"."""
    parts = re.split(r"(\d+)", unicodedata.normalize("NFKC", text).casefold())
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p)


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).casefold().strip()
    text = text.replace("〇", "零").replace("【", "[").replace("】", "]")
    return _EXTENSION.sub("", text)


def _dated(text: str) -> tuple[str, date | None]:
    """The text without its day, and the day."""
    for found in _DATE.finditer(text):
        if not found["s"] and len(found["m"] + found["d"]) != 4:
            continue
        try:
            day = date(int(found["y"]), int(found["m"]), int(found["d"]))
        except ValueError:
            continue
        before, after = text[: found.start()], text[found.end() :]
        return before.removesuffix("第") + " " + re.sub(r"^\s*期", "", after), day
    return text, None


def _season(text: str) -> int | None:
    if words := _SEASON_WORDS.search(text):
        return _WORDS.index(words[1]) + 1
    found = _SEASON.search(text)
    return value_of(next(g for g in found.groups() if g)) if found else None


def _special(text: str) -> re.Match[str] | None:
    """The word that makes it a special; in front of other words and a number it is a part of the title."""
    found = _SPECIAL.search(text)
    return None if found and re.match(r"[a-z]{2,}[ ._-]+(?:ep?|episode)[ ._]?\d", text[found.end() :]) else found


def _part(text: str) -> int:
    found = _PART.search(text)
    if not found:
        return 0
    said = next(g for g in found.groups() if g)
    return _PARTS.get(said) or int(said)


def _number(text: str, part: int) -> tuple[int | None, int | None]:
    """(number, season where both are written as one)."""
    bare = _SEASON_WORDS.sub(" ", text)
    if part:
        bare = re.sub(r"[(\[]\s*\d\s*/\s*\d\s*[)\]]|(?<![a-z])(?:part|pt|cd|disc)[ ._-]*\d{1,2}", " ", bare)
        bare = re.sub(r"[(\[ ._-]?[上中下][集部篇]?\s*[)\]]?\s*$", " ", bare)
    for place, pattern in enumerate(_NUMBERS):
        # A season is no number: it is left in place only where both are written as one.
        searched = bare if place < 2 else _SEASON.sub(" ", bare)
        for found in pattern.finditer(searched.strip() if place else searched):
            number = value_of(found["n"])
            if number is None or (place > 6 and 1900 <= number <= 2099):
                continue
            return number, int(found["s"]) if found.groupdict().get("s") else None
    return None, None
