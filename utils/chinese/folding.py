"""Text as search compares it: one form for what viewers type and for what titles are called.

Width, case, Latin accents, Han variants and kana are folded, punctuation and emoji separate words.
Numbers of seasons, parts, chapters and episodes have one spelling: 第二季, 第2期, S2 and 2nd season are "2季".
Single Chinese numerals are digits: 七龙珠 is 7龙珠.
"""

from __future__ import annotations

import re
import unicodedata

from utils.chinese.variants import folded

_NUMERALS = dict(zip("零〇一二三四五六七八九两壹贰叁肆伍陆柒捌玖", "001234567892123456789", strict=True))
_ORDINALS = {
    "first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "sixth": "6", "seventh": "7", "eighth": "8",
}  # fmt: skip
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vii": "7", "viii": "8", "ix": "9", "xii": "12", "xiii": "13"}  # no pinyin
_SILENT = frozenset("'’‘ʼ`´＇\u00ad")  # inside a word

_N = r"(\d{0,2}十\d?|\d{1,4})"
_W = "|".join(_ORDINALS)
_UNITS = [  # the pattern, and what follows the number in the one spelling
    (re.compile(rf"第?\s*{_N}\s*(?:季|シーズン|しーずん)|第\s*{_N}\s*期"), "季"),
    (re.compile(r"(?<![a-z])s(?:easons?)?\s*0*(\d{1,2})(?=e\d|ep\d|[^a-z\d]|$)"), "季"),
    (re.compile(rf"(?<![a-z\d])(?:0*(\d{{1,2}})(?:st|nd|rd|th)|({_W}))\s+(?:season|series)(?![a-z])"), "季"),
    (re.compile(rf"第?\s*{_N}\s*[集话話回](?!忆)|(?<![a-z])ep?(?:isode)?\s*0*(\d{{1,4}})(?![a-z\d])"), "集"),
    (re.compile(rf"第?\s*{_N}\s*部|(?<![a-z])part\s*0*(\d{{1,2}})(?![a-z\d])"), "部"),
    (re.compile(rf"第\s*{_N}\s*章|(?<![a-z])chapter\s*0*(\d{{1,3}})(?![a-z\d])"), "章"),
    (re.compile(rf"第\s*{_N}"), ""),
]
_ROMAN_WORD = re.compile(rf"(?<![a-z])({'|'.join(sorted(_ROMAN, key=len, reverse=True))})(?![a-z])")
_MENTIONS = re.compile(r"第|[季部集话回]|season|series|part|chapter|(?<![a-z])(?:s|ep?|episode)\s*\d")
_HAN = "\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ALONE = _HAN + "\u3040-\u30ff\uac00-\ud7af"  # scripts without spaces: each character is a token
_TOKEN = re.compile(rf"[{_ALONE}]|\d+|[^\W\d_{_ALONE}]+")
_ONE_HAN = re.compile(f"[{_HAN}]")


class _Characters(dict[int, str]):
    """A table for `str.translate` that works each character out once."""

    def __missing__(self, code: int) -> str:
        self[code] = made = _character(chr(code))
        return made


def _character(c: str) -> str:
    if c in _SILENT:
        return ""
    c = folded().get(c, c)
    if c in _NUMERALS:
        return _NUMERALS[c]
    if "\u30a1" <= c <= "\u30f6":  # katakana is compared as hiragana
        return chr(ord(c) - 0x60)
    if c == "ー" or c == "々":
        return c
    kind = unicodedata.category(c)
    if kind[0] == "M":
        return ""
    if kind[0] not in "LN":
        return " "
    base = unicodedata.normalize("NFD", c)[0]
    return base if ord(c) < 0x2000 and base.isalpha() else c


_CHARACTERS = _Characters()


class _Compatible(dict[int, str]):
    """The same table for characters as they are typed, in any width and case."""

    def __missing__(self, code: int) -> str:
        self[code] = made = _normalized(chr(code))
        return made


_COMPATIBLE = _Compatible()
# What may become one character with its neighbors: combining marks, jamo, half-width kana with voicing marks.
_PARTS = re.compile("[\u0300-\u036f\u1100-\u11ff\u3099\u309a\u3131-\u318e\uff61-\uff9f\uffa0-\uffdc]")


def characters(text: str) -> str:
    """The text with each character in its one form, and spaces for punctuation and emoji."""
    return _normalized(text) if _PARTS.search(text) else text.translate(_COMPATIBLE)


def _normalized(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFC", plain).translate(_CHARACTERS)


def fold(text: str) -> str:
    """The text in its one form, words separated by single or more spaces."""
    plain = characters(text)
    plain = _ROMAN_WORD.sub(lambda found: _ROMAN[found[0]], plain)
    if _MENTIONS.search(plain):
        for pattern, unit in _UNITS:
            plain = pattern.sub(lambda found, unit=unit: f" {_number(found)}{unit} ", plain)  # type: ignore[misc]
    return plain


def tokens(text: str) -> list[str]:
    """What a text is searched by: Han, kana and hangul one by one, other words and numbers whole."""
    return _TOKEN.findall(fold(text))


def compact(text: str) -> str:
    """The tokens without anything between; empty for a text of punctuation alone."""
    return "".join(tokens(text))


def is_han(token: str) -> bool:
    """Whether the token is a Han character."""
    return bool(_ONE_HAN.fullmatch(token))


def _number(found: re.Match[str]) -> str:
    text = next(group for group in found.groups() if group)
    if text in _ORDINALS:
        return _ORDINALS[text]
    if "十" in text:
        tens, ones = text.split("十")
        return str(10 * int(tens or 1) + int(ones or 0))
    return str(int(text))
