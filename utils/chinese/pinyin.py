"""How Chinese text is read: the syllables of each character, without tones.

The words are pypinyin's (phrases_dict, pinyin_dict). A character with several readings takes that of the longest known
word around it: 银行 yin hang, 重庆 chong qing. Where no word decides, the usual reading comes first and others that are
common in words follow: 还珠 is hai zhu and huan zhu. ü is v, as keyboards write it.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from operator import add
from pathlib import Path

from utils.chinese.variants import simplified

NONE: tuple[str, ...] = ()
LONGEST = 8  # characters of a word; longer ones are idioms of two halves
USUAL = 0.08  # share of words in which a second reading must occur to be considered
_PARTICLES = frozenset("的了着得地啊")  # outside of words they are read in one way
_LAST = 0x9FFF  # the last of the common characters


@dataclass(frozen=True, slots=True)
class Readings:
    """Syllables by character, and by word where they differ from what the characters alone would give."""

    of: dict[str, tuple[str, ...]]  # the usual one first
    words: dict[str, list[tuple[str, ...]]]  # one reading for each character
    starts: dict[str, int]  # first two characters of words: length of the longest


@lru_cache(maxsize=256)  # a name is read for several purposes, one after the other
def read(text: str) -> Sequence[tuple[str, ...]]:
    """The readings of each character of the text, the likeliest first; none for one that isn't Han."""
    known = readings()
    plain = text.translate(_SIMPLIFYING)
    found = [known.of.get(character, NONE) for character in plain]
    starts, words = known.starts, known.words
    free = 0  # where the last word ended
    for at, pair in enumerate(map(add, plain, plain[1:])):
        if pair in starts and at >= free:
            for size in range(min(starts[pair], len(plain) - at), 1, -1):
                if spoken := words.get(plain[at : at + size]):
                    free = at + size
                    found[at:free] = spoken
                    break
    return found


def syllables() -> frozenset[str]:
    """All syllables there are."""
    return _syllables()


@cache
def _syllables() -> frozenset[str]:
    return frozenset(syllable for found in readings().of.values() for syllable in found)


@cache
def readings() -> Readings:
    """The tables, made from pypinyin's once per process (about 0.3 s)."""
    folder = _folder()
    listed: dict[str, str] = json.loads((folder / "pinyin_dict.json").read_text(encoding="utf-8"))
    choices = {chr(int(code)): _choices(found) for code, found in listed.items() if int(code) <= _LAST}
    del listed
    phrases: dict[str, list[list[str]]] = json.loads((folder / "phrases_dict.json").read_text(encoding="utf-8"))
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    words: dict[str, tuple[str, ...]] = {}
    while phrases:  # taken apart as they are read: all of them at once are large
        word, found = phrases.popitem()
        spoken = [_plain(each[0]) for each in found]
        several = False
        for character, syllable in zip(word, spoken, strict=False):
            if len(choices.get(character, ())) > 1:
                counted[character][syllable] += 1
                several = True
        if several and 1 < len(word) == len(spoken) <= LONGEST and all(c in choices for c in word):
            words[word] = tuple(spoken)
    of = {c: found[:1] if c in _PARTICLES else _usual(found, counted[c]) for c, found in choices.items()}
    telling = {
        word: [_choices(syllable) for syllable in spoken]
        for word, spoken in words.items()
        if any(of[character] != (syllable,) for character, syllable in zip(word, spoken, strict=True))
    }
    starts: dict[str, int] = {}
    for word in telling:
        starts[word[:2]] = max(starts.get(word[:2], 0), len(word))
    return Readings(of, telling, starts)


def _folder() -> Path:
    """Where pypinyin's tables lie. Importing it would load them all, as objects of 50 MiB."""
    spec = find_spec("pypinyin")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("pypinyin isn't installed", name="pypinyin")
    return Path(spec.origin).parent


def _usual(choices: tuple[str, ...], counted: Counter[str]) -> tuple[str, ...]:
    """The first choice, and those that enough words have."""
    if len(choices) == 1:
        return choices
    total = sum(counted.values())
    return tuple(c for n, c in enumerate(choices) if n == 0 or counted[c] > max(1, USUAL * total))


@cache
def _choices(listed: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_plain(choice) for choice in listed.split(",")))


@cache
def _plain(syllable: str) -> str:
    """A syllable without its tone."""
    letters = unicodedata.normalize("NFD", syllable).replace("u\u0308", "v")
    return sys.intern("".join(c for c in letters if not unicodedata.combining(c)))


class _Simplifying(dict[int, str]):
    """A table for `str.translate`, made when it is first used."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = form = simplified().get(character, character)
        return form


_SIMPLIFYING = _Simplifying()
