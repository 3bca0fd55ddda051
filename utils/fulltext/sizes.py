"""How many documents a match finds at most, as MariaDB estimates from its index: nothing is read for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from utils.fulltext.matching import Every, Listings, Match, Occurs, Some
from utils.fulltext.postings import Listed, Needed
from utils.fulltext.stored import is_listed

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Leaf: TypeAlias = tuple[Listed, ...]  # lists of which a document is in one
MOST_ASKED = 60  # leaves of one statement
UNKNOWN = 1 << 31  # documents of a leaf that wasn't asked for


class Sizes:
    """Estimates for one query's matches."""

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        lists: str,
        needed: Callable[[Occurs], Needed],
    ) -> None:
        self._connection, self._lists, self._needed = connection, lists, needed
        self._known: dict[Leaf, int] = {}

    def of(self, match: Match) -> int:
        """The estimate for a match, after `measure` of it or of what it is a part of."""
        match match:
            case Listings():
                return self._known.get(_leaf(match), UNKNOWN)
            case Occurs():
                return sum(min(self._known.get(leaf, UNKNOWN) for leaf in leaves) for leaves in self._each(match))
            case Some():
                return sum(map(self.of, match.parts))
            case Every():
                return min(map(self.of, match.parts))

    def measure(self, match: Match) -> None:
        """Ask for what isn't known yet, in one statement."""
        new = [leaf for leaf in dict.fromkeys(self._leaves(match)) if leaf not in self._known][:MOST_ASKED]
        if not new:
            return
        parts, params = [], []
        for leaf in new:
            sql, values = is_listed("p", *leaf)
            parts.append(f"SELECT 1 FROM {self._lists} p WHERE {sql}")
            params += values
        with self._connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {' UNION ALL '.join(parts)}", params)
            place = [column[0] for column in cursor.description].index("rows")
            found = {int(row[0]): int(row[place] or 0) for row in cursor.fetchall() if row[0] is not None}
        self._known |= {leaf: found.get(number, 0) for number, leaf in enumerate(new, 1)}

    def _leaves(self, match: Match) -> Iterator[Leaf]:
        match match:
            case Listings():
                yield _leaf(match)
            case Occurs():
                for leaves in self._each(match):
                    yield from leaves
            case _:
                for part in match.parts:
                    yield from self._leaves(part)

    def _each(self, match: Occurs) -> Iterator[list[Leaf]]:
        for name in match.fields:
            yield list(self._needed(Occurs((name,), match.phrase, match.start)).postings)


def _leaf(match: Listings) -> Leaf:
    return tuple(map(Listed, match.postings))
