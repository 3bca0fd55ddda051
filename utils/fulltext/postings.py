"""What a document is found by: its tokens, and the postings that are made of them.

The tokens of a document are one text. Each value is a line of it, each token has the letter of its field in front:
`␤ a流 a浪 a地 a球 `. A phrase is a part of this text. Its postings are the terms under which it is listed:

    a流           a token
    ~a流浪        two neighbors: of two characters hardly one is rare, together they are
    =a流~浪~地~球  a whole value, by which its beginning is found, too
    <ali          the first two letters of a token that is typed letter by letter

A value of a shared field stands in many documents. It is listed by these itself, once, and has a name, which is the
only token and posting of documents with it: @a, then a digest of its tokens.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from utils.fulltext.analysis import Analyzer, Phrase

LETTERS = "abcdefghijklmnopqrstuvwxyz"
BREAK = "\n"  # before each value
NAMED = "@"  # before the name of a shared value
JOINED = "~"  # between tokens of one posting; pairs of single characters need none
BEGINNING = 2  # letters of a typed token that are a posting of their own
LONGEST = 190  # characters of a whole value that are compared
_ASCII = re.compile("[\x00-\x7f]")
KEPT = 1 << 15  # shared values, with what was made of them


class Value(NamedTuple):
    """A value that many documents have: the posting they have of it, and its lines of tokens."""

    name: str
    lines: str


class Read(NamedTuple):
    """A value's lines of tokens and its postings, separated by spaces; both are its name if it is shared."""

    lines: str
    postings: str
    shared: Value | None = None


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

    @cached_property
    def shared(self) -> bool:
        """Whether values are listed once, and documents under them."""
        return getattr(self.analyzer, "shared", False)

    @property
    def version(self) -> tuple[object, ...]:
        """Changes where postings do."""
        shared = self.shared
        return (self.letter, self.pairs, self.whole, self.typed, shared, self.analyzer and self.analyzer.version)

    # --- documents ---------------------------------------------------------------------------

    @cached_property
    def read(self) -> Callable[[str], Read]:
        """A value as it is indexed; empty if there is nothing to find it by."""
        return lru_cache(maxsize=KEPT)(self._read) if self.shared else self._read

    def forget(self) -> None:
        """Free what was kept of shared values."""
        self.__dict__.pop("read", None)

    def _read(self, value: str) -> Read:
        if self.analyzer is None:
            posting = self.entire(value)
            return Read(f"{BREAK} {posting} ", posting) if posting else Read("", "")
        lines, postings = [], []
        for line in value.split(BREAK) if getattr(self.analyzer, "lines", False) else (value,):
            if tokens := self.analyzer.index(line):
                marked = self.letter + f" {self.letter}".join(tokens)
                lines.append(f"{BREAK} {marked} ")
                postings.append(self.postings(tokens, marked))
        if self.shared and lines:
            shared = Value(f"{NAMED}{self.letter}{_digest(text := ''.join(lines))}", text)
            return Read(f"{BREAK} {shared.name} ", shared.name, shared)
        return Read("".join(lines), " ".join(postings))

    def postings(self, tokens: Sequence[str], marked: str) -> str:
        """Of a value with these tokens, `marked` with the field's letter; some postings perhaps twice."""
        found = [marked]
        if self.pairs and len(tokens) > 1:
            found += self._pairs(tokens)
        if self.whole:
            found.append(self.all_of(tokens))
        if self.typed:
            begin = f"<{self.letter}"
            found += [begin + token[:BEGINNING] for token in tokens if len(token) >= BEGINNING and token.isascii()]
        return " ".join(found)

    # --- queries -----------------------------------------------------------------------------

    def entire(self, value: str) -> str:
        """The posting of a whole value; "" if it has no tokens."""
        if self.analyzer is None:  # a posting has neither spaces nor capitals
            plain = [c if c.isalnum() and c == c.lower() else f"{JOINED}{ord(c):x}{JOINED}" for c in value]
            return f"={self.letter}{''.join(plain)}"[:LONGEST] if value else ""
        tokens = self.analyzer.index(value)
        return self.all_of(tokens) if tokens else ""

    def all_of(self, tokens: Sequence[str]) -> str:
        """The posting of a whole value with these tokens."""
        return f"={self.letter}{JOINED.join(tokens)}"[:LONGEST]

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

    def _pairs(self, tokens: Sequence[str]) -> list[str]:
        """Postings of neighbors: those of most values are all of one kind."""
        joined, begin = "".join(tokens), f"~{self.letter}"
        if joined.isascii():
            return [f"{begin}{first}{JOINED}{second}" for first, second in itertools.pairwise(tokens)]
        if len(joined) == len(tokens) and not _ASCII.search(joined):
            return [f"{begin}{first}{second}" for first, second in itertools.pairwise(tokens)]
        return [self._pair(*pair) for pair in itertools.pairwise(tokens)]

    def _pair(self, first: str, second: str) -> str:
        if len(first) == len(second) == 1 and not second.isascii():
            return f"~{self.letter}{first}{second}"
        return f"~{self.letter}{first}{JOINED}{second}"


def _digest(lines: str) -> str:
    """64 bits as letters and digits, without capitals."""
    found = hashlib.blake2b(lines.encode(errors="replace"), digest_size=8).digest()
    return base64.b32hexencode(found).decode().rstrip("=").lower()


def letter(number: int) -> str:
    """Of the field with this number."""
    return LETTERS[number] if number < len(LETTERS) else chr(0xE100 + number)
