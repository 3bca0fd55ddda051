"""Values of shared fields: each is listed once, by the tables that hold a generation, and documents under its name.

So a person's name is read and listed once, not in each title. A phrase is looked for among the values first; then
documents in the lists of those that have it are looked for. Of a phrase that many values have, the first MOST_VALUES
are taken: after a rebuild, those of the hottest documents.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from utils.fulltext.analysis import Phrase
from utils.fulltext.matching import Every, Listings, Match, Occurs, Some, every, some
from utils.fulltext.postings import Listed, Needed, Value
from utils.fulltext.schema import Row, Schema

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

AT_ONCE = 500  # rows of one statement
MOST_VALUES = 64  # with one phrase
MOST_LOOKED_UP = 50  # phrases of one query


class Wanted(NamedTuple):
    """A phrase in a shared field."""

    field: str
    phrase: Phrase
    start: bool


class SharedValues(ABC):
    """The part of a generation's tables that concerns shared fields."""

    connection: BaseDatabaseWrapper
    schema: Schema
    values: str  # table of values
    forms: str  # their lists

    def __init__(self) -> None:
        self._loaded: dict[str, tuple[int, Value]] = {}  # shared values of a rebuild, with their highest place
        self._known: dict[Wanted | str, list[str]] = {}  # names of values, by phrases and postings that were looked up

    @abstractmethod
    def insert_values(self, cursor: Any, values: Sequence[Value]) -> None:
        """Store and list values, in this order, after those that are there."""

    @abstractmethod
    def find_values(self, cursor: Any, wanted: Sequence[Needed]) -> list[tuple[int, str]]:
        """Names of at most MOST_VALUES values for each: (number in `wanted`, name)."""

    # --- writing -----------------------------------------------------------------------------

    def keep_values(self, rows: Iterable[tuple[int, Row]]) -> None:
        """Remember the shared values of documents that a rebuild loads."""
        for _, row in rows:
            for value in row.shared:
                known = self._loaded.get(value.name)
                if known is None or row.rank < known[0]:
                    self._loaded[value.name] = (row.rank, value)

    def insert_kept_values(self, cursor: Any) -> None:
        """Insert what was remembered, the hottest documents' first."""
        found, self._loaded = sorted(self._loaded.values()), {}
        self.insert_values(cursor, [value for _, value in found])

    def insert_new_values(self, cursor: Any, rows: Iterable[tuple[int, Row]]) -> None:
        """Insert the shared values of documents that aren't there yet."""
        new = {value.name: value for _, row in rows for value in row.shared}
        names = list(new)
        for begin in range(0, len(names), AT_ONCE):
            some_names = names[begin : begin + AT_ONCE]
            marks = ", ".join(["%s"] * len(some_names))
            cursor.execute(f"SELECT name FROM {self.values} WHERE name IN ({marks})", some_names)
            for (name,) in cursor.fetchall():
                del new[name]
        if new:
            self.insert_values(cursor, list(new.values()))

    # --- reading -----------------------------------------------------------------------------

    def resolved(self, match: Match) -> Match | None:
        """The match with lists in place of phrases in shared fields; None where nothing can match."""
        asked: dict[Wanted | str, Needed] = {}
        for one in dict.fromkeys(self._shared(match)):
            indexed = self.schema.indexed[one.field]
            asked[one] = indexed.needed(one.phrase, one.start)
            if indexed.whole and not one.start:  # which is asked for next, most often
                posting = indexed.all_of(one.phrase.tokens)
                asked[posting] = _whole(posting)
        self._look_up(asked)
        return self._resolved(match)

    def whole_postings(self, field: str, values: Iterable[Any]) -> list[str]:
        """The postings of documents that have one of these whole values."""
        postings = dict.fromkeys(posting for value in values if (posting := self.schema.entire(field, value)))
        if not self.schema.indexed[field].shared:
            return list(postings)
        self._look_up({posting: _whole(posting) for posting in postings})
        return [name for posting in postings for name in self._known[posting]]

    def _shared(self, match: Match) -> Iterable[Wanted]:
        if isinstance(match, Occurs):
            indexed = self.schema.indexed
            yield from (Wanted(name, match.phrase, match.start) for name in match.fields if indexed[name].shared)
        elif not isinstance(match, Listings):
            for part in match.parts:
                yield from self._shared(part)

    def _look_up(self, asked: Mapping[Wanted | str, Needed]) -> None:
        """Look up what isn't known yet, in one statement."""
        new = [one for one in asked if one not in self._known]
        self._known |= {one: [] for one in new}
        if some_new := new[:MOST_LOOKED_UP]:
            with self.connection.cursor() as cursor:
                for number, name in self.find_values(cursor, [asked[one] for one in some_new]):
                    self._known[new[number]].append(name)

    def _resolved(self, match: Match) -> Match | None:
        match match:
            case Occurs():
                shared = list(self._shared(match))
                if not shared:
                    return match
                own = tuple(name for name in match.fields if not self.schema.indexed[name].shared)
                names = dict.fromkeys(name for one in shared for name in self._known.get(one, ()))
                listed = Listings(tuple(names), len(match.phrase.tokens)) if names else None
                return some([Occurs(own, match.phrase, match.start) if own else None, listed])
            case Every():
                return every([self._resolved(part) for part in match.parts])
            case Some():
                return some([self._resolved(part) for part in match.parts])
        return match


def _whole(posting: str) -> Needed:
    return Needed([(Listed(posting),)], "", certain=True)
