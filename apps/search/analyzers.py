"""The analyzers of search_indexes: how names, their sounds and summaries are read, and what viewers type."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, product

import rjieba

from utils.chinese.folding import characters, tokens
from utils.chinese.sounds import sounds, typed_pieces
from utils.chinese.spelling import Part, spellings
from utils.fulltext.analysis import LONGEST_QUERY, Phrase, Wanted, limited

LONGEST_TEXT = 600  # characters of a summary that are indexed
SPELLINGS = 4  # ways to read a query that are looked for
SHORT = 2  # letters that begin a word have to be as many: fewer begin too many
NAMES_KEPT = 1 << 15  # with their sounds


class Names:
    """Titles and aliases: any part of a Chinese one, the beginnings of other words."""

    version = "names-2"
    typed = True

    def index(self, text: str) -> list[str]:
        return tokens(text)

    def query(self, text: str) -> Wanted:
        words = limited([tuple(tokens(word)) for word in _words(text)])
        return _typing([Phrase(word) for word in words if word])


class PeopleNames(Names):
    """The same for names that many titles have."""

    shared = True


class Summaries:
    """Words of two characters or more of longer texts, in any order; of other scripts by their beginnings."""

    version = "summaries-1"
    pairs = whole = False

    def index(self, text: str) -> list[str]:
        return _several(rjieba.cut_for_search(characters(text)))

    def query(self, text: str) -> Wanted:
        words = limited([(word,) for word in _several(rjieba.cut(characters(text[:LONGEST_QUERY])))])
        return _typing([Phrase(word) for word in words], shortest=3)


class Sounds:
    """What `spoken` makes of names: pinyin with and without spaces, and initials. Found by Latin letters only."""

    version = "sounds-2"
    lines = True  # each way to type a name
    typed = True
    shortest = SHORT

    def index(self, text: str) -> list[str]:
        return text.split() if text.islower() else _typed(text).split()

    def query(self, text: str) -> Wanted:
        pieces = [(p, r) for p, r in typed_pieces(_typed(text[:LONGEST_QUERY])) if r or (p.isascii() and p.isalnum())]
        if not any(piece.isascii() and piece.isalpha() for piece, _ in pieces):
            return []
        wanted: dict[tuple[Phrase, ...], None] = {}
        if all(piece.isascii() for piece, _ in pieces):
            whole = "".join(piece for piece, _ in pieces)
            wanted[(Phrase((whole,), prefix=len(whole) >= self.shortest),)] = None
        for parts in islice(_spellings(pieces), SPELLINGS):
            wanted[_phrases(parts, self.shortest)] = None
        return [list(phrases) for phrases in wanted if phrases]


class PeopleSounds(Sounds):
    """The same for names that many titles have, of which two letters begin too many."""

    version = "people-sounds-1"
    shared = True
    whole = typed = False
    shortest = 3


@lru_cache(maxsize=NAMES_KEPT)
def spoken(name: str, first: bool = True) -> str:
    """What Sounds indexes of a name, line by line, with its `first` letter if one is enough to find it; "" if it isn't
    typed by its sound."""
    found: dict[str, None] = {}
    for sound in (ways := sounds(name)):
        found |= dict.fromkeys((sound.syllables, sound.pinyin, sound.initials))
    if ways and first:
        found[ways[0].initials[0]] = None
    return "\n".join(found)


def _several(words: list[str]) -> list[str]:
    """Different words of several characters."""
    return [word for word in dict.fromkeys(words) if len(word) > 1 and word.isalnum()]


def _typing(phrases: list[Phrase], shortest: int = SHORT) -> Wanted:
    """The phrases; the last word is being typed."""
    if not phrases:
        return []
    last = phrases[-1].tokens[-1]
    if len(last) >= shortest and last.isascii() and last.isalpha():
        phrases[-1] = phrases[-1]._replace(prefix=True)
    return [phrases]


def _words(text: str) -> list[str]:
    return text[:LONGEST_QUERY].split()


def _typed(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower().replace("ü", "v")


def _spellings(pieces: list[tuple[str, tuple[str, ...]]]) -> Iterator[tuple[Part, ...]]:
    """Ways to take a query apart, Han characters as the syllables that they are."""
    choices: list[tuple[tuple[Part, ...], ...]] = []
    for piece, readings in pieces:
        if readings:
            choices.append(tuple((Part(syllable, True),) for syllable in readings))
        elif piece.isalpha():
            choices.append(spellings(piece) or ((Part(piece, False),),))
        else:
            choices.append(((Part(piece, True),),))
    return (tuple(part for parts in way for part in parts) for way in product(*choices))


def _phrases(parts: tuple[Part, ...], shortest: int) -> tuple[Phrase, ...]:
    """Runs of whole syllables and, where initials stand among them, the initials of all."""
    runs: list[list[str]] = [[]]
    for part in parts:
        if part.whole:
            runs[-1].append(part.letters)
        else:
            runs.append([])
    found = [Phrase(tuple(run)) for run in runs if run]
    if all(part.whole for part in parts):
        return (found[0]._replace(prefix=len(parts) > 1 or len(parts[0].letters) >= shortest),)
    if not found:
        return ()
    initials = "".join(part.letters if part.letters.isdigit() else part.letters[0] for part in parts)
    return (*found, Phrase((initials,), prefix=len(initials) >= shortest))
