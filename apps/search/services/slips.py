"""What a viewer meant who mistyped: tried in turn once the words themselves find nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from haystack.query import SearchQuerySet

from apps.movies.models import Movie
from apps.search.services.plausibility import FIELDS, Candidate, ordered
from utils.chinese.folding import is_han, tokens
from utils.chinese.likeness import occurs_within_one, within_one
from utils.chinese.sounds import near, sounds

CANDIDATES = 400  # titles that are compared
LONGEST = 24  # tokens of a query that is searched for names
SPLITS = 12  # places where a query without spaces is divided
NAMES = ("title", "aliases")


class Slips(NamedTuple):
    """Titles, best first, and the name that was probably meant."""

    ids: Sequence[int]
    meant: str = ""


def is_cut(text: str) -> bool:
    """Whether the text begins or ends with letters that may be a part of a word: 学生会 O, URN THE WI."""
    words = tokens(text)
    return len(words) > 1 and (_is_latin(words[0]) or _is_latin(words[-1]))


def cut(text: str) -> Slips:
    """Names that hold the text, though its first or last word is a part of theirs."""
    words = tokens(text)
    kept = words[_is_latin(words[0]) : len(words) - (_is_latin(words[-1]) and len(words[-1]) == 1)]
    if not kept:
        return Slips([])
    part = kept[0]
    for before, word in pairwise(kept):
        part += word if is_han(before) and is_han(word) else f" {word}"
    typed = "".join(words)
    found = {one.pk: one for name in NAMES for one in _candidates(**{name: part}) if one.holds(typed)}
    return _slips(ordered(found.values(), text))


def sounding(text: str) -> Slips:
    """Names that sound like the text: 无间到 for 无间道, and without what keyboards and dialects confuse."""
    return _slips(_candidates(near__exact=near(text)))


def inside(text: str) -> Slips:
    """Names that stand in the text, the longest first: 我昨天看的流浪地球."""
    words = tokens(text)[:LONGEST]
    parts = {
        "".join(words[start:end]): end - start
        for start in range(len(words))
        for end in range(start + 2, len(words) + 1)
        if end - start < len(words)
    }
    if not parts:
        return Slips([])
    candidates = {c.pk: c for name in NAMES for c in _candidates(**{f"{name}__in": list(parts)})}
    sizes = {
        pk: max(parts.get("".join(tokens(name)), 0) for name in candidate.names) for pk, candidate in candidates.items()
    }
    longest = max(sizes.values(), default=0)
    if 2 * longest < len(words):
        return Slips([])
    return _slips(candidates[pk] for pk in sorted(sizes, key=lambda pk: -sizes[pk]))


def mistyped(text: str) -> Slips:
    """Names with one wrong, missing, doubled or swapped character or letter, whole ones first."""
    wanted = tokens(text)
    if not wanted:
        return Slips([])
    letters = "".join(wanted)
    candidates = list({c.pk: c for c in _near_candidates(text, wanted, letters)}.values())
    whole, part = [], []
    for candidate in candidates:
        for number, name in enumerate(candidate.names):
            theirs = tokens(name)
            joined = "".join(theirs)
            if within_one(wanted, theirs) or (len(letters) > 3 and _spelled_like(letters, name, joined)):
                whole.append((number > 0, candidate))
                break
            if len(wanted) > 3 and occurs_within_one(wanted, theirs):
                part.append((number > 0, candidate))
                break
    return _slips(candidate for _, candidate in sorted(whole or part, key=lambda found: found[0]))


def apart(text: str) -> Slips:
    """Two things typed without a space: 吴京流浪地球."""
    words = tokens(text)
    for at in range(2, min(len(words) - 1, SPLITS)):
        both = f"{''.join(words[:at])} {''.join(words[at:])}"
        if candidates := _candidates(content=both):
            return Slips([candidate.pk for candidate in candidates], both)
    return Slips([])


def _spelled_like(letters: str, name: str, joined: str) -> bool:
    """Whether letters are the name or its pinyin, but for a slip."""
    if within_one(letters, joined):
        return True
    return letters.isascii() and any(within_one(letters, sound.pinyin) for sound in sounds(name))


def _near_candidates(text: str, wanted: Sequence[str], letters: str) -> Iterator[Candidate]:
    for name in NAMES:
        yield from _candidates(**{f"{name}__fuzzy": text})
    if len(wanted) > 4:  # two swapped in the middle leave no half whole
        for name in NAMES:
            yield from _candidates(**{f"{name}__startswith": "".join(wanted[:2])})
    if letters.isascii() and len(letters) > 3:
        half = letters[: len(letters) // 2]
        for name in ("sounds", "alias_sounds"):
            yield from _candidates(**{f"{name}__startswith": half})


def _candidates(**lookup: Any) -> list[Candidate]:
    rows = SearchQuerySet().models(Movie).filter(**lookup).values_list(*FIELDS)[:CANDIDATES]
    return [Candidate(int(pk), *row) for pk, *row in rows]


def _slips(candidates: Iterable[Candidate]) -> Slips:
    found = list(candidates)
    return Slips([one.pk for one in found], found[0].title if found else "")


def _is_latin(word: str) -> bool:
    return word.isascii() and word.isalpha()
