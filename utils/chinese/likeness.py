"""Whether two texts differ by one slip of the keyboard: a wrong, missing, doubled or swapped token."""

from __future__ import annotations

from collections.abc import Sequence


def within_one(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether one insertion, deletion, replacement or swap of neighbors at most leads from one to the other."""
    if len(one) > len(other):
        one, other = other, one
    short, long = len(one), len(other)
    if long - short > 1:
        return False
    start = 0
    while start < short and one[start] == other[start]:
        start += 1
    end = 0
    while end < short - start and one[short - 1 - end] == other[long - 1 - end]:
        end += 1
    rest, others = one[start : short - end], other[start : long - end]
    if len(rest) <= 1 and len(others) <= 1:
        return True
    return len(rest) == len(others) == 2 and rest[0] == others[1] and rest[1] == others[0]


def occurs_within_one(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether a part of `whole` is within one slip of `part`."""
    size = len(part)
    for start in range(len(whole) - size + 2):
        for length in (size, size - 1, size + 1):
            if 0 < length <= len(whole) - start and within_one(part, whole[start : start + length]):
                return True
    return False
