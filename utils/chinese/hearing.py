"""Where a text sounds like what somebody typed: pinyin in full, initials, and both mixed with Han."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from utils.chinese.pinyin import read

_LATIN = re.compile("[a-z]")
_DOUBLE = ("zh", "ch", "sh")  # initials of two letters


def heard(text: str, letters: Sequence[str], typed: str) -> tuple[int, int] | None:
    """Begin and end of the first stretch of `text` that `typed` names; None if there is none.

    `letters` is the folded form of each character of the text ("" for punctuation), `typed` is folded as well. A Han
    character is named by itself, by its syllable, by its initial or, as the last one, by the beginning of its syllable.
    """
    if not _LATIN.search(typed):
        return None
    readings = read(text)

    @cache
    def end(at: int, done: int) -> int | None:
        """Where the stretch ends that continues at character `at`, `done` characters of `typed` being named."""
        if done == len(typed):
            return at
        if at == len(letters):
            return None
        if not letters[at]:
            return end(at + 1, done)
        for name in _names(letters[at], readings[at]):
            if typed.startswith(name, done) and (found := end(at + 1, done + len(name))):
                return found
        rest = typed[done:]
        return at + 1 if any(syllable.startswith(rest) for syllable in readings[at]) else None

    for start, letter in enumerate(letters):
        if letter and (found := end(start, 0)):
            return start, found
    return None


def _names(letter: str, syllables: Sequence[str]) -> list[str]:
    """What may stand for a character, the longest first."""
    names = {letter, *syllables, *(s[0] for s in syllables), *(s[:2] for s in syllables if s.startswith(_DOUBLE))}
    return sorted(names, key=len, reverse=True)
