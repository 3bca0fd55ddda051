"""How names are typed by their sound: pinyin in full, and initials.

流浪地球2 is typed liulangdiqiu2, liu lang di qiu 2 and lldq2; JOJO的奇妙冒险 jojodeqimiaomaoxian, jojodqmmx and jdqmmx.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice, product
from typing import NamedTuple

from utils.chinese.folding import fold
from utils.chinese.pinyin import read

MOST = 4  # ways to read a name that are kept
_PIECE = re.compile(r"[a-z]+|\d+|.", re.DOTALL)
_COUNTED = re.compile("第?[〇零一二三四五六七八九十两]+[季期部章集话話回]")
_TYPED = re.compile("[a-z0-9]+")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_HAN = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff]")


class Sound(NamedTuple):
    """One way to type a name: its syllables with a space between, and its initials."""

    syllables: str
    initials: str

    @property
    def pinyin(self) -> str:
        """The syllables as one word."""
        return self.syllables.replace(" ", "")


def sounds(name: str) -> list[Sound]:
    """The ways to type a name, the likeliest first; none for one without Han characters, or with kana."""
    if not _HAN.search(name):
        return []
    found = _spoken(unicodedata.normalize("NFKC", name).lower())
    if found and _COUNTED.search(name):
        found += _spoken(fold(name))[:1]  # 第二季 is typed dierji, and 2ji
    return found


def near(text: str) -> str:
    """The sound of a text, typed or Chinese, without what is often confused: z and zh, n and l, an and ang."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("ü", "v")
    if _HAN.search(plain):
        heard = "".join([found[0] if found else c for c, found in zip(plain, read(plain), strict=True)])
    else:
        heard = plain
    return _CONFUSED.sub(_same, _UNHEARD.sub("", heard))


_SAME = {
    "zh": "z",
    "ch": "c",
    "sh": "s",
    "ang": "an",
    "eng": "en",
    "ing": "in",
    "l": "n",
    "r": "n",
    "hu": "f",
    "v": "u",
}
_CONFUSED = re.compile("|".join(_SAME))
_UNHEARD = re.compile("[^a-z0-9]+")


def _same(found: re.Match[str]) -> str:
    return _SAME[found[0]]


def typed_pieces(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Words, numbers and single characters, each with its readings if it is Han."""
    readings = read(text)
    found, at = [], 0
    for piece in _PIECE.findall(text):
        found.append((piece, readings[at]))
        at += len(piece)
    return found


def _spoken(text: str) -> list[Sound]:
    choices = read(text)
    if all(choices):
        heads, latin = None, False
    else:
        pieces = typed_pieces(text)
        if len(_KANA.findall(text)) > 1 or not any(choices):
            return []
        kept = [(piece, found) for piece, found in pieces if found or _TYPED.fullmatch(piece)]
        choices = [found or (piece,) for piece, found in kept]
        heads = ["" if found else piece for piece, found in kept]
        latin = any(len(head) > 1 and head.isalpha() for head in heads)
    if max(map(len, choices)) == 1:
        ways = [tuple([found[0] for found in choices])]
    else:
        ways = list(islice(product(*choices), MOST))
    if heads is None:
        return [Sound(" ".join(way), "".join([syllable[0] for syllable in way])) for way in ways]
    found = [Sound(" ".join(way), "".join([h or s[0] for h, s in zip(heads, way, strict=True)])) for way in ways]
    if latin:
        found.append(Sound(found[0].syllables, "".join([syllable[0] for syllable in ways[0]])))
    return found
