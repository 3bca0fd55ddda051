"""How well search finds what was meant: shares over pairs of a query and a title."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from apps.movies.models import Movie
from apps.search.services.matching import match
from utils.chinese.folding import compact

WITHIN = 5


@dataclass(frozen=True)
class Pair:
    """A query, the titles that it may mean, and the kind it is counted under."""

    query: str
    wanted: Collection[int]
    kind: str


@dataclass
class Evaluated:
    """The figures of one kind."""

    pairs: int = 0
    first: int = 0
    within: int = 0
    missed: list[Pair] = field(default_factory=list)  # not within WITHIN

    @property
    def first_share(self) -> float:
        """Found first, 0 to 1."""
        return self.first / self.pairs

    @property
    def within_share(self) -> float:
        """Found within WITHIN, 0 to 1."""
        return self.within / self.pairs


def read_pairs(*, lines: Iterable[str]) -> tuple[list[Pair], list[str]]:
    """The pairs in lines of `query<TAB>id-or-title<TAB>kind`, and what is wrong with the other lines.

    A title means all titles of that name, and so does the id of one of them.
    """
    by_name, names = _catalogue()
    pairs, faults = [], []
    for number, line in enumerate(lines, start=1):
        line = line.rstrip("\r\n").lstrip("\ufeff")
        if not line.strip():
            continue
        parts = line.split("\t")
        if len(parts) != 3 or not all(part.strip() for part in parts):
            faults.append(f"line {number}: expected a query, a title or its id, and a kind, separated by tabs")
            continue
        query, wanted, kind = (part.strip() for part in parts)
        ids = set(by_name.get(_key(wanted), ()))
        if wanted.isdecimal() and (name := names.get(int(wanted))):
            ids |= {int(wanted), *by_name[name]}
        if not ids:
            faults.append(f"line {number}: no published title is called {wanted!r} or has it as id")
            continue
        pairs.append(Pair(query, ids, kind))
    return pairs, faults


def evaluate(*, pairs: Iterable[Pair]) -> dict[str, Evaluated]:
    """Search for each pair; the figures by kind."""
    found: defaultdict[str, Evaluated] = defaultdict(Evaluated)
    for pair in pairs:
        ids = match(text=pair.query, most=WITHIN).ids
        figures = found[pair.kind]
        figures.pairs += 1
        figures.first += bool(ids) and ids[0] in pair.wanted
        if any(pk in pair.wanted for pk in ids):
            figures.within += 1
        else:
            figures.missed.append(pair)
    return dict(found)


def _catalogue() -> tuple[Mapping[str, set[int]], Mapping[int, str]]:
    """Titles by each of their names, and the first name of each."""
    by_name: defaultdict[str, set[int]] = defaultdict(set)
    names: dict[int, str] = {}
    rows = Movie.objects.published().order_by().values_list("pk", "title", "original_title", "aliases")
    for pk, title, original, aliases in rows.iterator():
        names[pk] = _key(title)
        for name in (title, original, *aliases.splitlines()):
            if name.strip():
                by_name[_key(name)].add(pk)
    return by_name, names


def _key(name: str) -> str:
    return compact(name) or name.strip()
