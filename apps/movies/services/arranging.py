"""The places that files get in a series, before anything is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from apps.movies.episode_names import Reading, read_all


@dataclass(frozen=True)
class Assignment:
    """Where one file goes: `index` is its place among the names as they were given."""

    index: int
    number: int
    reading: Reading


def assign_numbers(*, names: Sequence[str], first: int | None = None, taken: Collection[int] = ()) -> list[Assignment]:
    """The files in the order of the series, each with its number.

    Numbers are those that the names tell, where all are of one season; two files of one number keep it, for the
    curator to see. A name that tells nothing follows the last, and specials follow that. Where parts (上/下) of one
    number, days or seasons order the files, or no name tells a number, they are counted on: from `first`, or after
    the last of `taken`.
    """
    readings = read_all(names)
    order = sorted(range(len(names)), key=lambda n: readings[n].order)
    regular = [n for n in order if not readings[n].is_special]
    own = {n: number for n in regular if (number := readings[n].number)}
    told = first is None and len({readings[n].season for n in own}) == 1
    told = told and not any(readings[n].day and n not in own for n in regular)
    more = repeated(list(own.values())) | set(taken)
    told = told and not any(readings[n].part and own.get(n) in {None, *more} for n in regular)
    start = first or max(taken, default=0) + 1
    numbers = own if told else {n: start + place for place, n in enumerate(regular)}
    after = max([*numbers.values(), *([] if first else taken), start - 1])
    for place, n in enumerate((n for n in order if n not in numbers), start=1):
        numbers[n] = after + place
    return [Assignment(n, numbers[n], readings[n]) for n in order]


def gaps(numbers: Collection[int]) -> list[tuple[int, int]]:
    """The numbers between 1 and the highest that nobody has, as (from, to)."""
    ordered = sorted({0, *numbers})
    return [(low + 1, high - 1) for low, high in pairwise(ordered) if high - low > 1]


def repeated(numbers: Sequence[int]) -> set[int]:
    """Those that stand more than once."""
    return {number for number, times in Counter(numbers).items() if times > 1}
