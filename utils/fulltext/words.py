"""Words of jieba's dictionary: for long texts, where characters would be many and each of them common."""

from __future__ import annotations

import rjieba

from utils.fulltext.analysis import LONGEST_QUERY, LONGEST_TOKEN, Phrase, Wanted, fold, limited, tokens


class Words:
    """Finds texts with the words of a query, wherever they stand; a single character only if it is a word."""

    version = "words-1"
    pairs = False  # neighbors say nothing here

    def index(self, text: str) -> list[str]:
        return list(dict.fromkeys(_words(fold(text), parts=True)))

    def query(self, text: str) -> Wanted:
        found = limited([(word,) for word in dict.fromkeys(_words(fold(text[:LONGEST_QUERY]), parts=False))])
        return [[Phrase(word) for word in found]] if found else []


def places(text: str) -> list[tuple[str, int]]:
    """Words, the words within them and characters of a text, with their places."""
    plain = "".join(one if len(one := fold(letter)) == 1 else letter for letter in text)  # as long as the text
    found: dict[tuple[str, int], None] = {}
    for word, begin, _ in rjieba.tokenize(plain, "search"):
        if tokens(word):
            found[word[:LONGEST_TOKEN], begin] = None
            if not word.isascii():
                found |= dict.fromkeys((letter, begin + place) for place, letter in enumerate(word) if tokens(letter))
    return sorted(found, key=lambda one: (one[1], -len(one[0])))


def _words(plain: str, *, parts: bool) -> list[str]:
    cut = rjieba.cut_for_search if parts else rjieba.cut
    return [word[:LONGEST_TOKEN] for word in cut(plain) if word.isalnum()]
