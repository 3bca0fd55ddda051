"""Texts with a typo: what is nearly a given text, and what it was probably meant to be."""

from __future__ import annotations

from utils.fulltext.analysis import LONGEST_QUERY, Phrase, tokens
from utils.fulltext.matching import MOST_WORDS, Match, Occurs, every, some
from utils.fulltext.tables import Tables

LOOKED_AT = 4000  # tokens of the vocabulary with the same first letter
NEAREST = 12  # of them that are searched for


def similar(tables: Tables, field: str, text: str) -> Match | None:
    """Words within a typo or two of those of `text`; for Chinese, one half of a phrase or the other."""
    words: list[Match | None] = []
    for parts in tables.schema.wanted(field, text)[:1]:
        for phrase in parts:
            if len(phrase.tokens) == 1:
                near = nearest(tables, field, phrase.tokens[0])
                words.append(some([Occurs((field,), Phrase((token,))) for token in near]))
            else:
                words.append(some([Occurs((field,), half) for half in halves(phrase)]))
    return every(words) if words else None


def halves(phrase: Phrase) -> list[Phrase]:
    """With one typo in a phrase, its first or its second half is still right; also all of it without an end."""
    middle = (len(phrase.tokens) + 1) // 2
    return [Phrase(phrase.tokens[:middle]), Phrase(phrase.tokens[middle:], phrase.prefix)]


def nearest(tables: Tables, field: str, token: str, *, same: bool = True) -> list[str]:
    """Tokens of a field within one typo (two from six letters on), the nearest and most frequent first."""
    most = 0 if len(token) < 3 else 1 if len(token) < 6 else 2
    with tables.connection.cursor() as cursor:
        known = tables.vocabulary(cursor, field, token[:1], LOOKED_AT)
    found = [
        (away, -count, other)
        for other, count in known.items()
        if abs(len(other) - len(token)) <= most and (same or other != token)
        if (away := distance(token, other, most)) <= most
    ]
    return [other for _, _, other in sorted(found)[:NEAREST]]


def distance(one: str, other: str, most: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbors between two texts; `most` + 1 if more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, opposite in enumerate(other, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != opposite))
            if last and j > 1 and letter == other[j - 2] and one[i - 2] == opposite:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def suggestion(tables: Tables, field: str, text: str) -> str | None:
    """`text` with each unknown word replaced by the nearest known one; None if there is nothing to replace."""
    words, changed = [], False
    for word in tokens(text[:LONGEST_QUERY])[:MOST_WORDS]:
        near = nearest(tables, field, word)
        if near and near[0] != word and word not in near:
            words.append(near[0])
            changed = True
        else:
            words.append(word)
    return " ".join(words) if changed else None
