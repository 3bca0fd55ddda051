"""What a text asks of a field, independent of the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from utils.fulltext.analysis import LONGEST_QUERY, Phrase, Wanted
from utils.fulltext.schema import Schema

MOST_WORDS = 16  # of a query that may be in different fields


@dataclass(frozen=True)
class Occurs:
    """The phrase is in one of the fields; with `start` at the beginning of a value."""

    fields: tuple[str, ...]
    phrase: Phrase
    start: bool = False


@dataclass(frozen=True)
class Every:
    """All of the parts match."""

    parts: tuple[Match, ...]


@dataclass(frozen=True)
class Some:
    """At least one of the parts matches."""

    parts: tuple[Match, ...]


@dataclass(frozen=True)
class Listings:
    """The document is in one of these lists: of shared values in which a phrase of so many tokens occurs."""

    postings: tuple[str, ...]
    size: int


Match: TypeAlias = Occurs | Every | Some | Listings


def match(schema: Schema, name: str, operation: str, text: str) -> Match | None:
    """What `text` asks of a text field by a lookup; None where nothing can match."""
    found: Wanted = schema.wanted(name, text)
    if operation in ("phrase", "startswith"):
        found = [_adjacent(parts, beginning=operation == "startswith") for parts in found]
    start = operation == "startswith"
    return some([every([Occurs((name,), phrase, start) for phrase in parts]) for parts in found])


def anywhere(schema: Schema, names: list[str], text: str) -> Match | None:
    """Each word of `text` in any of the text fields; None where nothing can match."""
    words: list[Match | None] = []
    for word in text[:LONGEST_QUERY].split()[:MOST_WORDS]:
        by_query: dict[Wanted, list[str]] = {}
        for name in names:
            by_query.setdefault(schema.wanted(name, word), []).append(name)
        words.append(some([_in_any(asked, tuple(fields)) for asked, fields in by_query.items()]))
    return every(words) if words else None


def some(parts: list[Match | None]) -> Match | None:
    """Any of the parts, without those that are impossible."""
    possible = list(dict.fromkeys(part for part in parts if part is not None))
    if not possible:
        return None
    return possible[0] if len(possible) == 1 else Some(tuple(possible))


def every(parts: list[Match | None]) -> Match | None:
    """All of the parts; None if one of them is impossible."""
    possible = list(dict.fromkeys(part for part in parts if part is not None))
    if not possible or None in parts:
        return None
    return possible[0] if len(possible) == 1 else Every(tuple(possible))


def length(match: Match) -> int:
    """How much a match asks for: what asks for more is found less often."""
    if isinstance(match, Occurs):
        return len(match.phrase.tokens)
    if isinstance(match, Listings):
        return match.size
    return (min if isinstance(match, Some) else max)(length(part) for part in match.parts)


def conjunction(match: Match) -> list[Occurs] | None:
    """The phrases of a match that asks for all of them, each in one field."""
    if isinstance(match, Occurs):
        return [match] if len(match.fields) == 1 else None
    if isinstance(match, Some | Listings):
        return None
    found = [conjunction(part) for part in match.parts]
    if any(part is None for part in found):
        return None
    return [one for part in found if part for one in part]


def ways(match: Match) -> list[Match]:
    """The matches of which one is enough, each in one field."""
    if isinstance(match, Occurs):
        return [Occurs((name,), match.phrase, match.start) for name in match.fields]
    return list(match.parts) if isinstance(match, Some) else [match]


def singles(match: Match) -> list[Match]:
    """The same, down to the last alternative."""
    found = ways(match)
    return found if len(found) == 1 else [one for part in found for one in singles(part)]


def _in_any(asked: Wanted, fields: tuple[str, ...]) -> Match | None:
    return some([every([Occurs(fields, phrase) for phrase in parts]) for parts in asked])


def _adjacent(parts: Sequence[Phrase], *, beginning: bool) -> list[Phrase]:
    tokens = tuple(token for phrase in parts for token in phrase.tokens)
    # as letters are typed, the last word is the beginning of one; a Chinese character is whole
    return [Phrase(tokens, prefix=parts[-1].prefix or (beginning and tokens[-1].isascii()))]
