"""Results in order: the steps of RANKING one after the other, each by falling heat, until the page is full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, takewhile

from utils.fulltext import matching, syntax
from utils.fulltext.lookups import SPECIAL, condition, content, source
from utils.fulltext.tables import Condition, Source, Tables

AT_ONCE = 6  # steps of one statement: each of them ends after a page, and a statement takes longer than a step


@dataclass(frozen=True)
class Asked:
    """A query taken apart: texts to rank by, and conditions that everything found has to meet."""

    contents: tuple[syntax.Term, ...]
    rest: tuple[syntax.Tree, ...]

    @classmethod
    def of(cls, tree: syntax.Tree) -> Asked:
        parts = tree.children if isinstance(tree, syntax.Group) and tree.connector == "AND" else (tree,)
        texts = tuple(part for part in parts if _is_text(part))
        return cls(
            tuple(part for part in texts if isinstance(part, syntax.Term)),
            tuple(part for part in parts if not _is_text(part) and not isinstance(part, syntax.All)),
        )


@dataclass(frozen=True)
class Found:
    """Documents of one page, each with the step it was found in, and how many there are altogether."""

    ids: list[int]
    steps: list[int]
    hits: int


def page(
    tables: Tables,
    asked: Asked,
    where: Sequence[Condition],
    *,
    start: int,
    end: int,
    counted: int,
    order: Sequence[str] | None = None,
    boost: Mapping[str, float] | None = None,
) -> Found:
    """Documents `start` to `end` of the results; hits are counted up to `counted`.

    `order` names fields, falling with a minus, and replaces the ranking. What contains a `boost` word comes first.
    """
    columns = _order(tables, order or ())
    leading, rest = (None, asked.rest) if columns or asked.contents else _leading(tables, asked.rest)
    conditions = [*where, *(condition(tables, part) for part in rest)]
    if columns or not asked.contents:
        everything = leading or whole(tables, asked)
        if everything is None:
            return Found([], [], 0)
        ids = tables.ids(everything, conditions, limit=end - start, offset=start, order=columns)
        if len(ids) < end - start and (ids or not start):
            return Found(ids, [0] * len(ids), start + len(ids))
        return Found(ids, [0] * len(ids), tables.count(everything, conditions, limit=counted))
    ranked = _Ranked(tables, asked, conditions, end)
    for word, by in (boost or {}).items():
        if by > 1 and (found := content(tables, "content", word)) is not None:
            ranked.take(sources(tables, asked), tables.text_condition(found))
    ranked.take_best()
    ids = list(ranked.placed)[start:end]
    return Found(ids, [ranked.placed[one] for one in ids], ranked.hits(counted))


class _Ranked:
    """The first `end` results, with the step of each."""

    def __init__(self, tables: Tables, asked: Asked, conditions: Sequence[Condition], end: int) -> None:
        self.tables, self.asked, self.conditions, self.end = tables, asked, conditions, end
        self.placed: dict[int, int] = {}
        self._number = 0  # of steps taken
        self._common: Source | None = None  # a step that alone fills the page

    def take_best(self) -> None:
        """Whole values and, in the same statement, everything: what few documents match needs no other step."""
        bound = None if self.conditions else self.end
        ranking = self.tables.schema.ranking
        best = list(takewhile(lambda step: step[1] == "exact", ranking))
        everything = whole(self.tables, self.asked, bound)
        exact = list(_steps(self.tables, self.asked, best, bound))
        *found, matching = self._ask([*exact, everything]) if everything else [*self._ask(exact), []]
        if self._common is everything:  # `hits` counts it anyway
            self._common = None
        self._place(found)
        if len(matching) == self.end or len(set(matching) - self.placed.keys()) > 1:
            self.take(_steps(self.tables, self.asked, ranking[len(best) :], bound))
        self._place([matching])

    def take(self, steps: Iterator[Source], *where: Condition) -> None:
        """One step after the other, until the page is full."""
        while len(self.placed) < self.end and (some := list(islice(steps, AT_ONCE))):
            self._place(self._ask(some, *where))

    def hits(self, counted: int) -> int:
        """How many results there are, counted up to `counted`."""
        if len(self.placed) < self.end:
            return len(self.placed)
        if self._common and (number := self._count(self._common, counted)) >= counted:
            return number
        everything = whole(self.tables, self.asked, None if self.conditions else max(self.end, counted))
        return max(self._count(everything, counted) if everything else 0, len(self.placed))

    def _ask(self, some: Sequence[Source], *where: Condition) -> list[list[int]]:
        found: list[list[int]] = [[] for _ in some]
        if some:
            for step, one in self.tables.first([(each, [*self.conditions, *where]) for each in some], limit=self.end):
                found[step].append(one)
        if not where:
            full = (each for each, ids in zip(some, found, strict=True) if len(ids) == self.end)
            self._common = next(full, self._common)
        return found

    def _place(self, found: Sequence[Sequence[int]]) -> None:
        for number, ids in enumerate(found, self._number):
            for one in ids:
                self.placed.setdefault(one, number)
        self._number += len(found)

    def _count(self, source: Source, counted: int) -> int:
        return self.tables.count(source, self.conditions, limit=counted)


def _leading(tables: Tables, rest: Sequence[syntax.Tree]) -> tuple[Source | None, Sequence[syntax.Tree]]:
    """A lookup whose documents are read in order of heat, so that a page of them is enough, and the others."""
    for number, part in enumerate(rest):
        if (found := source(tables, part, None)) is not None:
            return found, [*rest[:number], *rest[number + 1 :]]
    return None, rest


def whole(tables: Tables, asked: Asked, most: int | None = None) -> Source | None:
    """Everything that matches the texts, in order of heat alone; None for nothing, all documents without texts."""
    if not asked.contents:
        return tables.browse()
    found = matching.every([content(tables, term.operation, str(term.value)) for term in asked.contents])
    return None if found is None else tables.text_source(found, most)


def sources(tables: Tables, asked: Asked) -> Iterator[Source]:
    """What matches, best step first; a document may come again in a later step."""
    everything = whole(tables, asked)
    return chain(_steps(tables, asked, tables.schema.ranking, None), [everything] if everything else [])


def _steps(tables: Tables, asked: Asked, ranking: Sequence[tuple[str, str]], most: int | None) -> Iterator[Source]:
    schema = tables.schema
    for name, operation in ranking:
        if operation == "exact" and schema.is_whole(name):
            if len(asked.contents) == 1 and (source := tables.whole_source(name, asked.contents[0].value)):
                yield source
            continue
        if name not in schema.texts:
            continue
        wanted = operation if operation == "startswith" else ""
        matches = [matching.match(schema, name, wanted or t.operation, str(t.value)) for t in asked.contents]
        found = matching.every(matches)
        if found is not None and (source := tables.text_source(found, most)) is not None:
            yield source


def _order(tables: Tables, names: Sequence[str]) -> str:
    """ORDER BY for fields; ties by heat. Unknown ones, such as score, are left out."""
    parts = []
    for name in names:
        column = tables.schema.column(name.lstrip("-"))
        sql = f"d.{column.sql}" if column else SPECIAL.get(name.lstrip("-"), "")
        if sql:
            parts.append(f"{sql} DESC" if name.startswith("-") else sql)
    return ", ".join([*parts, "d.rnk", "d.id"]) if parts else ""


def _is_text(tree: syntax.Tree) -> bool:
    return isinstance(tree, syntax.Term) and tree.field == "content" and tree.operation in ("content", "phrase")
