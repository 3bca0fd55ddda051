"""The places that files get in a series, before anything is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from apps.movies.episode_names import Reading, read_all


@dataclass(frozen=True)
class Place:
    """Where one file goes: `index` is its place among the names as they were given."""

    index: int
    number: int
    reading: Reading


def arrange(*, names: Sequence[str], first: int | None = None, taken: Collection[int] = ()) -> list[Place]:
    """The files in the order of the series, each with its number.

    Numbers are those that the names tell, where all are of one season and told by every name; two files of one
    number keep it, for the curator to see. Where parts (上/下), days or seasons order the files, or a name tells
    nothing, they are counted on: from `first`, or after the last of `taken`. Specials follow the last.
    """
    readings = read_all(names)
    order = sorted(range(len(names)), key=lambda n: readings[n].order)
    regular = [n for n in order if not readings[n].is_special]
    own = [readings[n].number for n in regular]
    told = first is None and all(own) and len({readings[n].season for n in regular}) <= 1
    told = told and not any(readings[n].part for n in regular)
    start = first or max(taken, default=0) + 1
    numbers = {n: (readings[n].number or 0) if told else start + place for place, n in enumerate(regular)}
    after = max([*numbers.values(), *([] if first else taken), start - 1])
    for place, n in enumerate((n for n in order if readings[n].is_special), start=1):
        numbers[n] = after + place
    return [Place(n, numbers[n], readings[n]) for n in order]


def gaps(numbers: Collection[int]) -> list[tuple[int, int]]:
    """The numbers between 1 and the highest that nobody has, as (from, to)."""
    ordered = sorted({0, *numbers})
    return [(low + 1, high - 1) for low, high in pairwise(ordered) if high - low > 1]


def repeated(numbers: Sequence[int]) -> set[int]:
    """Those that stand more than once."""
    return {number for number, times in Counter(numbers).items() if times > 1}
