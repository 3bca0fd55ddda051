"""Which is meant of several titles that match equally well: the less of a name is left untyped, the likelier."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from apps.search.heat import plays_of
from utils.chinese.folding import compact

PART = 4  # characters from which a text is a part of a name rather than a word that many names have


class Candidate(NamedTuple):
    """A title as the index has it; those of one step of SEARCH_RANKING have the same score."""

    pk: int
    score: float
    heat: int
    title: str
    aliases: Sequence[str]

    @property
    def names(self) -> list[str]:
        """The title, then the aliases."""
        return [self.title, *self.aliases]

    def holds(self, typed: str) -> bool:
        """Whether a name has the text in it; `typed` is compact."""
        return any(typed in compact(name) for name in self.names)


FIELDS = ("pk", "score", "heat", "title", "aliases")


def ordered(candidates: Iterable[Candidate], text: str) -> list[Candidate]:
    """Step by step; within a step those whose title, then alias, holds the text as it was typed, then by how much of
    this name is typed, heat, the name's length, and recency, which is their order."""
    typed = compact(text)

    def place(one: Candidate) -> tuple[float, int, int, int, int]:
        title, *others = map(compact, one.names)
        sizes = [len(name) for name in others if typed in name]
        size = len(title) if typed in title or not sizes else min(sizes)
        where = 0 if typed in title else 1 if sizes else 2
        return -one.score, where, _left(len(typed), size), -plays_of(one.heat), size

    return sorted(candidates, key=place)


def _left(typed: int, size: int) -> int:
    """How much of a name isn't typed: less than a third, less than half, more; not for a short text."""
    if typed < PART:
        return 0
    return 0 if 3 * typed > 2 * size else 1 if 2 * typed > size else 2
