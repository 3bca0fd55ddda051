"""Assigning episode numbers to files before anything is created."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from apps.movies.episode_names import Reading, read_all


@dataclass(frozen=True)
class Assignment:
    """The number of one file; `index` is its position among the given names."""

    index: int
    number: int
    reading: Reading


def assign_numbers(*, names: Sequence[str], first: int | None = None, taken: Collection[int] = ()) -> list[Assignment]:
    """Sort the files and assign a number to each.

    Numbers are read from the names if all belong to one season; duplicates are kept for the curator to resolve. Names
    without a number follow, then specials. Files ordered by part (上/下), date or several seasons, or without any
    number, are numbered consecutively from `first`, or after the last of `taken`.
    """
    readings = read_all(names)
    order = sorted(range(len(names)), key=lambda n: readings[n].order)
    regular = [n for n in order if not readings[n].is_special]
    own = {n: number for n in regular if (number := readings[n].number)}
    from_names = first is None and len({readings[n].season for n in own}) == 1
    from_names = from_names and not any(readings[n].day and n not in own for n in regular)
    more = repeated(list(own.values())) | set(taken)
    from_names = from_names and not any(readings[n].part and own.get(n) in {None, *more} for n in regular)
    start = first or max(taken, default=0) + 1
    numbers = own if from_names else {n: start + place for place, n in enumerate(regular)}
    after = max([*numbers.values(), *([] if first else taken), start - 1])
    for place, n in enumerate((n for n in order if n not in numbers), start=1):
        numbers[n] = after + place
    return [Assignment(n, numbers[n], readings[n]) for n in order]


def gaps(numbers: Collection[int]) -> list[tuple[int, int]]:
    """The unused ranges between 1 and the highest number, as (from, to)."""
    ordered = sorted({0, *numbers})
    return [(low + 1, high - 1) for low, high in pairwise(ordered) if high - low > 1]


def repeated(numbers: Sequence[int]) -> set[int]:
    """The duplicates."""
    return {number for number, times in Counter(numbers).items() if times > 1}
