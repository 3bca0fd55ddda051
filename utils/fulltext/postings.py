"""What a document is found by: its tokens, and the postings that are made of them.

The tokens of a document are one text. Each value is a line of it, each token has the letter of its field in front:
`␤ a流 a浪 a地 a球 `. A phrase is a part of this text. Its postings are the terms under which it is listed:

    a流           a token
    ~a流浪        two neighbors: of two characters hardly one is rare, together they are
    =a流~浪~地~球  a whole value, by which its beginning is found, too
    <ali          the first two letters of a token that is typed letter by letter
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from utils.fulltext.analysis import Analyzer, Phrase

LETTERS = "abcdefghijklmnopqrstuvwxyz"
BREAK = "\n"  # before each value
JOINED = "~"  # between tokens of one posting; pairs of single characters need none
BEGINNING = 2  # letters of a typed token that are a posting of their own
LONGEST = 190  # characters of a whole value that are compared
KEPT = 1 << 15  # values of a field that stand in many documents, with what was made of them


class Read(NamedTuple):
    """A value's lines of tokens and its postings, separated by spaces."""

    lines: str
    postings: str


class Listed(NamedTuple):
    """A posting, or all that begin like it."""

    posting: str
    beginning: bool = False


class Needed(NamedTuple):
    """What documents with a phrase have: each of the postings, some with alternatives, and a part of the tokens.

    `certain`: the postings are proof enough.
    """

    postings: Sequence[tuple[Listed, ...]]
    part: str
    certain: bool


@dataclass(frozen=True, eq=False)
class Indexed:
    """A field that is looked up: by its tokens if it has an analyzer, else by whole values alone."""

    letter: str
    analyzer: Analyzer | None

    @cached_property
    def pairs(self) -> bool:
        """Whether neighbors are listed together."""
        return getattr(self.analyzer, "pairs", True)

    @cached_property
    def whole(self) -> bool:
        """Whether whole values are listed."""
        return getattr(self.analyzer, "whole", True)

    @cached_property
    def typed(self) -> bool:
        """Whether tokens are listed by their first letters."""
        return getattr(self.analyzer, "typed", False)

    @property
    def version(self) -> tuple[object, ...]:
        """Changes where postings do."""
        return (self.letter, self.pairs, self.whole, self.typed, self.analyzer and self.analyzer.version)

    # --- documents ---------------------------------------------------------------------------

    @cached_property
    def read(self) -> Callable[[str], Read]:
        """A value as it is indexed; empty if there is nothing to find it by."""
        return lru_cache(maxsize=KEPT)(self._read) if getattr(self.analyzer, "often", False) else self._read

    def forget(self) -> None:
        """Free what was kept of values that stand in many documents."""
        self.__dict__.pop("read", None)

    def _read(self, value: str) -> Read:
        if self.analyzer is None:
            posting = self.entire(value)
            return Read(f"{BREAK} {posting} ", posting) if posting else Read("", "")
        lines, postings = [], []
        for line in value.split(BREAK) if getattr(self.analyzer, "lines", False) else (value,):
            if tokens := self.analyzer.index(line):
                marked = [self.letter + token for token in tokens]
                lines.append(f"{BREAK} {' '.join(marked)} ")
                postings += self.postings(tokens, marked)
        return Read("".join(lines), " ".join(postings))

    def postings(self, tokens: Sequence[str], marked: Sequence[str]) -> list[str]:
        """Of a value with these tokens, the same with the field's letter; some postings perhaps twice."""
        found = list(marked)
        if self.pairs:
            found += map(self._pair, tokens, tokens[1:])
        if self.whole:
            found.append(f"={self.letter}{JOINED.join(tokens)}"[:LONGEST])
        if self.typed:
            end = BEGINNING + 1
            found += [f"<{token[:end]}" for token in marked if len(token) >= end and token.isascii()]
        return found

    # --- queries -----------------------------------------------------------------------------

    def entire(self, value: str) -> str:
        """The posting of a whole value; "" if it has no tokens."""
        if self.analyzer is None:  # a posting has neither spaces nor capitals
            plain = [c if c.isalnum() and c == c.lower() else f"{JOINED}{ord(c):x}{JOINED}" for c in value]
            return f"={self.letter}{''.join(plain)}"[:LONGEST] if value else ""
        tokens = self.analyzer.index(value)
        return f"={self.letter}{JOINED.join(tokens)}"[:LONGEST] if tokens else ""

    @cached_property
    def needed(self) -> Callable[[Phrase, bool], Needed]:
        """What documents with a phrase have in common; if the second argument is true, a value begins with it."""
        return lru_cache(maxsize=256)(self._needed)

    def _needed(self, phrase: Phrase, start: bool) -> Needed:
        tokens, prefix = phrase
        marked = [self.letter + token for token in tokens]
        part = f"{BREAK if start else ''} {' '.join(marked)}{'' if prefix else ' '}"
        whole = f"={self.letter}{JOINED.join(tokens)}"
        if start and self.whole and len(whole) < LONGEST and not (prefix and self._is_short(tokens)):
            alternatives = (Listed(whole, prefix),) if prefix else (Listed(whole), Listed(whole + JOINED, True))
            return Needed([alternatives], part, certain=True)
        found = [Listed(token) for token in marked]
        if prefix:
            found[-1] = Listed(f"<{marked[-1]}") if self._is_short(tokens[-1:]) else Listed(marked[-1], True)
        certain = len(tokens) == 1
        if self.pairs and len(tokens) > 1:
            last = found.pop()
            found = [Listed(self._pair(*pair)) for pair in itertools.pairwise(tokens)]
            certain = len(tokens) == 2
            if prefix and len(tokens[-1]) == 1 and not tokens[-1].isascii():
                found[-1], certain = last, False  # a longer word would make another kind of pair
            elif prefix:
                found[-1] = Listed(found[-1].posting, True)
        return Needed([(one,) for one in found], part, certain and not start)

    def _is_short(self, tokens: Sequence[str]) -> bool:
        """Whether the beginning of one token is a posting of its own."""
        return self.typed and len(tokens) == 1 and len(tokens[0]) == BEGINNING and tokens[0].isascii()

    def _pair(self, first: str, second: str) -> str:
        if len(first) == len(second) == 1 and not second.isascii():
            return f"~{self.letter}{first}{second}"
        return f"~{self.letter}{first}{JOINED}{second}"


def letter(number: int) -> str:
    """Of the field with this number."""
    return LETTERS[number] if number < len(LETTERS) else chr(0xE100 + number)
