"""What the search indexes' fields become: columns, and what documents are looked up by."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from django.core.exceptions import ImproperlyConfigured
from haystack.constants import DJANGO_CT, DJANGO_ID, ID
from haystack.fields import DecimalField, EdgeNgramField, NgramField, SearchField

from utils.fulltext.analysis import Analyzer, Beginnings, Characters, Ngrams, Wanted
from utils.fulltext.postings import BREAK, NAMED, Indexed, Value, letter

MOST_HEAT = (1 << 20) - 1
LONGEST_KEYWORD = 190  # characters of a faceted text that are indexed
_ENCODE = json.JSONEncoder(ensure_ascii=False).encode
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,40}\Z")


@dataclass(frozen=True)
class Column:
    """A field. `kind` is text, keyword (compared as a whole), integer, float, boolean, date or datetime."""

    name: str
    kind: str
    many: bool
    faceted: bool
    source: SearchField = field(repr=False, compare=False)

    @property
    def sql(self) -> str:
        return f"f_{self.name}"

    def stored(self, value: Any) -> Any:
        """The value as the database has it; lists are JSON."""
        if value is None:
            return None
        if self.many:
            return _ENCODE([self.plain(one) for one in _listed(value)])
        return self.plain(value)

    def plain(self, value: Any) -> Any:
        """One value as it is stored and compared."""
        if (type(value) is str and self.kind in ("text", "keyword")) or value is None:
            return value
        if self.kind in ("integer", "boolean"):
            return _number(int, value)
        if self.kind == "float":
            return _number(float, value)
        if isinstance(value, datetime.datetime) and self.kind == "date":
            return value.date().isoformat()
        if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime) and self.kind == "datetime":
            return f"{value.isoformat()} 00:00:00"
        if isinstance(value, datetime.datetime):
            return (value.astimezone(datetime.UTC) if value.tzinfo else value).isoformat(" ")
        if self.kind in ("date", "datetime"):
            return str(value).replace("T", " ").removesuffix("Z")
        return str(value)

    def python(self, value: Any) -> Any:
        """A stored value as Haystack's results have it."""
        if self.many:
            return json.loads(value) if value else []
        if value is None:
            return None
        if self.kind in ("date", "datetime"):
            try:
                found = datetime.datetime.fromisoformat(value)
            except ValueError:
                return value
            return found.date() if self.kind == "date" else found
        return self.source.convert(value)


class Row(NamedTuple):
    """A prepared document; tokens and postings as in `utils.fulltext.postings`."""

    model: str
    pk: str
    rank: int
    values: tuple[Any, ...]
    tokens: str
    postings: str
    shared: tuple[Value, ...]
    digest: int


@dataclass(frozen=True)
class Schema:
    """All fields of a connection's indexes, with the connection's options."""

    fields: dict[str, Column]
    texts: dict[str, Analyzer]  # fields whose tokens are indexed
    aliases: dict[str, str]  # facet fields, by name, and the field that holds them
    ranking: tuple[tuple[str, str], ...]  # (field, operation), best first
    heat: str | None
    document: str

    @classmethod
    def of(cls, fields: Mapping[str, SearchField], *, ranking: list[str], heat: str | None) -> Schema:
        """The schema of `all_searchfields()`. Raises ImproperlyConfigured for names that aren't columns."""
        found: dict[str, Column] = {}
        texts: dict[str, Analyzer] = {}
        aliases: dict[str, str] = {}
        document = ""
        faceted = {one.facet_for for one in fields.values() if getattr(one, "facet_for", None)}
        for name, one in sorted(fields.items()):
            if not _NAME.match(name):
                raise ImproperlyConfigured(f"The search field {name!r} can't be a column: use a-z, 0-9 and _.")
            shadowed = getattr(one, "facet_for", None)
            if shadowed and shadowed in fields:
                aliases[name] = shadowed
                continue
            kind = _kind(one)
            found[name] = Column(
                name, kind, bool(one.is_multivalued), name in faceted or hasattr(one, "facet_for"), one
            )
            if kind == "text":
                texts[name] = _analyzer(one)
            if one.document:
                document = name
        steps = [_step(lookup) for lookup in ranking if _step(lookup)[0] in found]
        if document and document not in {name for name, _ in steps}:
            steps.append((document, "content"))
        return cls(found, texts, aliases, tuple(steps), heat if heat in found else None, document)

    def field(self, name: str) -> Column | None:
        """A field by its name or by that of its facet field."""
        return self.fields.get(self.aliases.get(name, name))

    def column(self, name: str) -> Column | None:
        """The same, if its values are stored."""
        return self.columns.get(self.aliases.get(name, name))

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The fields whose values are stored."""
        return {name: one for name, one in self.fields.items() if one.source.stored or name == self.document}

    @cached_property
    def indexed(self) -> dict[str, Indexed]:
        """What documents are looked up by: texts, and the whole values of ranked fields and of facets with many."""
        ranked = {name for name, operation in self.ranking if operation == "exact"}
        whole = {name for name, one in self.fields.items() if name in ranked or (one.many and one.faceted)}
        names = [name for name in self.fields if name in self.texts or name in whole]
        return {name: Indexed(letter(number), self.texts.get(name)) for number, name in enumerate(names)}

    def is_whole(self, name: str) -> bool:
        """Whether whole values of a field are listed."""
        return name in self.indexed and self.indexed[name].whole

    def wanted(self, name: str, text: str) -> Wanted:
        """What has to occur in a text field for `text` to be found there."""
        return _wanted(self.texts[name].query, text)

    @cached_property
    def _letters(self) -> dict[str, Indexed]:
        return {one.letter: one for one in self.indexed.values()}

    @cached_property
    def shape(self) -> str:
        """A fingerprint: tables made with another one have to be made again."""
        indexed = [(name, one.version) for name, one in self.indexed.items()]
        columns = [(c.name, c.kind, c.many, c.faceted) for c in self.columns.values()]
        return hashlib.sha256(repr((columns, indexed, self.heat, 4)).encode()).hexdigest()

    def row(self, prepared: Mapping[str, Any]) -> Row:
        """A document from what `SearchIndex.full_prepare` returns."""
        values = tuple([one.stored(prepared.get(name)) for name, one in self.columns.items()])
        read = []
        for name, one in self.indexed.items():
            if (value := prepared.get(name)) is None:
                continue
            if type(value) is str and one.analyzer is not None:
                read.append(one.read(value))
            elif one.analyzer is not None:
                read += map(one.read, map(str, _listed(value)))
            else:
                read += [one.read(self._compared(name, part)) for part in _listed(value)]
        tokens = "".join([one.lines for one in read])
        heat = min(max(int(prepared.get(self.heat) or 0), 0), MOST_HEAT) if self.heat else 0
        content = BREAK.join([str(heat), *[BREAK if value is None else str(value) for value in values], tokens])
        return Row(
            model=prepared[DJANGO_CT],
            pk=prepared[DJANGO_ID],
            rank=MOST_HEAT - heat,
            values=values,
            tokens=tokens,
            postings=" ".join([one.postings for one in read if one.postings]),
            shared=tuple([one.shared for one in read if one.shared]),
            digest=_digest(content),
        )

    def postings(self, tokens: str) -> str:
        """The postings of a document or a shared value with these tokens, in the order of `row`."""
        found: list[str] = []
        for line in tokens.split(BREAK)[1:]:
            marked = line[1:-1]
            if marked[0] in ("=", NAMED):
                found.append(marked)
            else:
                found.append(self._letters[marked[0]].postings([part[1:] for part in marked.split(" ")], marked))
        return " ".join(found)

    def entire(self, name: str, value: Any) -> str:
        """The posting of a whole value of a field; "" if nothing can be found by it."""
        return self.indexed[name].entire(self._compared(name, value))

    def forget(self) -> None:
        """Free what was kept while many documents were read."""
        for one in self.indexed.values():
            one.forget()

    def _compared(self, name: str, value: Any) -> str:
        return str(value) if name in self.texts else str(self.fields[name].plain(value))[:LONGEST_KEYWORD]


@lru_cache(maxsize=256)  # several fields are asked for the same text, one after the other
def _wanted(query: Callable[[str], Wanted], text: str) -> Wanted:
    return tuple([tuple(parts) for parts in query(text) if parts])


def _digest(text: str) -> int:
    """64 bits with a sign."""
    return int.from_bytes(hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest(), "big", signed=True)


def _step(lookup: str) -> tuple[str, str]:
    name, _, operation = lookup.rpartition("__")
    return (name, operation) if name else (lookup, "content")


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def _kind(one: SearchField) -> str:
    if isinstance(one, DecimalField):
        return "float"
    if one.field_type in ("integer", "float", "boolean", "date", "datetime"):
        return str(one.field_type)
    return "text" if one.indexed and not getattr(one, "facet_for", None) else "keyword"


def _analyzer(one: SearchField) -> Analyzer:
    if one.analyzer is not None:
        chosen: Analyzer = one.analyzer
        return chosen
    if isinstance(one, EdgeNgramField):
        return Beginnings()
    return Ngrams() if isinstance(one, NgramField) else Characters()


def _number(kind: type[int] | type[float], value: Any) -> Any:
    if isinstance(value, str):
        folded = {"true": 1, "false": 0}.get(value.lower())
        if folded is not None:
            return kind(folded)
    try:
        return kind(Decimal(str(value))) if not isinstance(value, int | float) else kind(value)
    except (ArithmeticError, ValueError):
        return None


RESERVED = (ID, DJANGO_CT, DJANGO_ID)
