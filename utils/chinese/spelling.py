"""Taking typed letters apart: syllables, and initials that stand for syllables.

liulangdq is liu, lang, d, q. xian is one syllable, or two.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from utils.chinese.pinyin import syllables

LONGEST = 60  # letters that are taken apart
MOST = 3  # ways that are considered
_SYLLABLE, _INITIAL = 2, 3  # costs: few long parts are likelier than many short ones
_BEGINNING = 7  # of a syllable that isn't one itself, at the end of what was typed


class Part(NamedTuple):
    """A syllable, or letters at its beginning."""

    letters: str
    whole: bool


@lru_cache(maxsize=4096)
def spellings(letters: str) -> tuple[tuple[Part, ...], ...]:
    """The likeliest ways to take letters apart, the best first; none for a text without letters or a very long one.

    The last one takes each letter for an initial: zh may be 之后.
    """
    if not letters or len(letters) > LONGEST:
        return ()
    known = syllables()
    ways: list[list[tuple[int, tuple[Part, ...]]]] = [[(0, ())], *([] for _ in letters)]
    for at in range(len(letters)):
        ways[at] = sorted(ways[at], key=lambda way: way[0])[:MOST]
        for size in range(1, min(6, len(letters) - at) + 1):
            part = letters[at : at + size]
            if size > 1 and part in known:
                cost, whole = _SYLLABLE, True
            elif size == 1 or part in ("zh", "ch", "sh"):
                cost, whole = _INITIAL, False
            elif at + size == len(letters) and _begins(part):
                cost, whole = _BEGINNING, False
            else:
                continue
            ways[at + size] += [(so_far + cost, (*parts, Part(part, whole))) for so_far, parts in ways[at]]
    best = sorted(ways[-1], key=lambda way: way[0])[:MOST]
    likely = [parts for cost, parts in best if cost <= best[0][0] + 1]
    initials = tuple(Part(letter, False) for letter in letters)
    return tuple(likely if initials in likely else [*likely, initials])


@lru_cache(maxsize=1024)
def _begins(part: str) -> bool:
    return any(syllable.startswith(part) for syllable in syllables())
