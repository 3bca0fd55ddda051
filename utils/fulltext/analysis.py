"""From text to tokens, for the index and for queries."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol, TypeAlias

LONGEST_QUERY = 400  # characters of a query that are read
MOST_TOKENS = 48  # of a query
LONGEST_TOKEN = 60  # characters

# Scripts without spaces: each character is a token. Kana and Hangul are included, digits and Latin aren't.
_APART = r"\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{_APART}]|[^\W_{_APART}]+")
_MARKS = re.compile(r"[\u0300-\u036f]")


class Phrase(NamedTuple):
    """Adjacent tokens; with `prefix` the last one is the beginning of a token."""

    tokens: tuple[str, ...]
    prefix: bool = False


# Alternatives, each a conjunction of phrases. No alternative: the text can't occur in the field.
Wanted: TypeAlias = Sequence[Sequence[Phrase]]


class Analyzer(Protocol):
    """How a field is read; given to Haystack as `analyzer=` of a field. Its result for a text must never change
    without a new `version`: the index is rebuilt then. It may have these attributes, too:

        pairs  False: neighbors aren't listed together, as phrases aren't the rule in this field
        whole  False: whole values aren't listed, so that `exact` and `startswith` aren't asked of this field
        typed  True: words are typed letter by letter; their first two letters are listed
        lines  True: each line of a value is a value
        shared  True: values stand in many documents: each is listed once, and documents are listed under it
    """

    version: str

    def index(self, text: str) -> list[str]:
        """Tokens of a value, in order; neighbors can be found as a phrase."""

    def query(self, text: str) -> Wanted:
        """What has to occur in a value for it to match."""


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Compatibility forms, case and accents removed: `Ｃａｆé` becomes `cafe`."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", _MARKS.sub("", plain))


def tokens(text: str) -> list[str]:
    """Characters of scripts without spaces, words of the others; punctuation and emoji are left out."""
    return [token[:LONGEST_TOKEN] for token in _TOKEN.findall(fold(text))]


class Characters:
    """The default: finds any part of a Chinese text, and whole words of others."""

    version = "characters-1"

    def index(self, text: str) -> list[str]:
        return tokens(text)

    def query(self, text: str) -> Wanted:
        found = [tuple(tokens(word)) for word in text[:LONGEST_QUERY].split()]
        phrases = [Phrase(word) for word in limited(found) if word]
        return [phrases] if phrases else []


class Ngrams(Characters):
    """Every letter is a token: finds any part of any word."""

    version = "ngrams-1"

    def index(self, text: str) -> list[str]:
        return [letter for word in tokens(text) for letter in word]

    def query(self, text: str) -> Wanted:
        found = [tuple(self.index(word)) for word in text[:LONGEST_QUERY].split()]
        phrases = [Phrase(word) for word in limited(found) if word]
        return [phrases] if phrases else []


class Beginnings(Characters):
    """Finds words by their beginnings."""

    version = "beginnings-1"

    def query(self, text: str) -> Wanted:
        return [[Phrase(phrase.tokens, prefix=True) for phrase in phrases] for phrases in super().query(text)]


def limited(words: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The words with MOST_TOKENS tokens together: a longer query is cut."""
    kept, room = [], MOST_TOKENS
    for word in words:
        if room <= 0:
            break
        kept.append(word[:room])
        room -= len(word)
    return kept
