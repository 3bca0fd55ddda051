"""From a query's tree to SQL conditions on the documents (alias d)."""

from __future__ import annotations

from typing import Any

from utils.fulltext import matching, syntax
from utils.fulltext.fuzzy import similar
from utils.fulltext.schema import Column
from utils.fulltext.tables import Condition, Source, Tables

COMPARED = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
NEVER: Condition = ("1 = 0", [])
ALWAYS: Condition = ("1 = 1", [])
SPECIAL = {"django_ct": "d.model", "django_id": "d.pk", "pk": "d.pk"}


def condition(tables: Tables, tree: syntax.Tree) -> Condition:
    """The documents that match a query."""
    match tree:
        case syntax.All():
            return ALWAYS
        case syntax.Not():
            sql, params = condition(tables, tree.child)
            return f"NOT ({sql})", params
        case syntax.Group():
            parts = [condition(tables, child) for child in tree.children]
            joined = f" {tree.connector} ".join(f"({sql})" for sql, _ in parts)
            return joined, [value for _, params in parts for value in params]
    return _lookup(tables, tree)


def content(tables: Tables, operation: str, text: str) -> matching.Match | None:
    """A text in any of the ranked fields."""
    names = [name for name, _ in tables.schema.ranking if name in tables.schema.texts]
    if operation == "content":
        return matching.anywhere(tables.schema, list(dict.fromkeys(names)), text)
    return matching.some([matching.match(tables.schema, name, operation, text) for name in dict.fromkeys(names)])


def source(tables: Tables, tree: syntax.Tree, most: int | None) -> Source | None:
    """The same documents in order of heat, for a lookup of one text field; None for other queries."""
    if not isinstance(tree, syntax.Term) or isinstance(tree.value, list):
        return None
    field = tables.schema.field(tree.field)
    if field is None or tree.field != field.name or field.name not in tables.schema.texts:
        return None
    match = _matched(tables, field.name, tree)
    return None if match is None else tables.text_source(match, most)


def _matched(tables: Tables, name: str, term: syntax.Term) -> matching.Match | None:
    """What a lookup asks of a text field; None for one that isn't of words, or where nothing can match."""
    if term.operation in ("content", "phrase", "startswith"):
        return matching.match(tables.schema, name, term.operation, _joined(term.value))
    return similar(tables, name, _joined(term.value)) if term.operation == "fuzzy" else None


def _lookup(tables: Tables, term: syntax.Term) -> Condition:
    if term.field == "content":
        return _text(tables, content(tables, _as_text(term.operation), _joined(term.value)))
    if term.field == "id":
        return _identity(term)
    if term.field in SPECIAL:
        return _compared(SPECIAL[term.field], term.operation, term.value, str)
    field = tables.schema.field(term.field)
    if field is None:
        return NEVER
    words = field.name in tables.schema.texts and term.field == field.name
    if words and term.operation in ("content", "phrase", "startswith", "fuzzy"):
        return _text(tables, _matched(tables, field.name, term))
    if tables.schema.is_whole(field.name) and term.operation in ("exact", "in", "content", "phrase"):
        return tables.whole_condition(field.name, term.value if isinstance(term.value, list) else [term.value])
    column = tables.schema.column(term.field)
    if column is None:  # its values aren't stored
        return NEVER
    if column.many:
        return _listed(tables, column, term)
    return _compared(f"d.{column.sql}", term.operation, term.value, column.plain, caseless=tables.caseless)


def _text(tables: Tables, match: matching.Match | None) -> Condition:
    return NEVER if match is None else tables.text_condition(match)


def _as_text(operation: str) -> str:
    """`content__contains` and the like search the words, too."""
    return operation if operation in ("phrase", "startswith") else "content"


def _joined(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _identity(term: syntax.Term) -> Condition:
    """Haystack's id of a document is app.model.pk."""
    parts = []
    params: list[Any] = []
    for one in term.value if isinstance(term.value, list) else [term.value]:
        model, _, pk = str(one).rpartition(".")
        parts.append("(d.model = %s AND d.pk = %s)")
        params += [model, pk]
    return (" OR ".join(parts), params) if parts else NEVER


def _compared(name: str, operation: str, value: Any, plain: Any, caseless: str = "{}") -> Condition:
    """A column with one value, compared."""
    if operation == "range":
        low, high = ([*value, None, None])[:2] if isinstance(value, list) else (value, value)
        parts = [_compared(name, "gte", low, plain)] * (low is not None)
        parts += [_compared(name, "lte", high, plain)] * (high is not None)
        return " AND ".join(sql for sql, _ in parts) or "1 = 1", [one for _, params in parts for one in params]
    if operation == "in":
        given = [plain(one) for one in (value if isinstance(value, list) else [value])]
        return (f"{name} IN ({', '.join(['%s'] * len(given))})", given) if given else NEVER
    if operation in COMPARED:
        return f"{name} {COMPARED[operation]} %s", [plain(value)]
    if operation in ("contains", "startswith", "endswith"):
        pattern = _escaped(str(value))
        before, after = "%" * (operation != "startswith"), "%" * (operation != "endswith")
        return f"{caseless.format(name)} LIKE {caseless.format('%s')} ESCAPE '|'", [f"{before}{pattern}{after}"]
    if value is None:
        return f"{name} IS NULL", []
    compared = plain(value)
    return NEVER if compared is None else (f"{name} = %s", [compared])


def _listed(tables: Tables, column: Column, term: syntax.Term) -> Condition:
    """A column with many values, which is JSON: whole values between quotation marks, or parts of them."""
    name = tables.caseless.format(f"d.{column.sql}")
    values = term.value if isinstance(term.value, list) else [term.value]
    whole = term.operation not in ("contains", "startswith", "endswith")
    before = "" if whole or term.operation == "startswith" else "%"
    after = "" if whole or term.operation == "endswith" else "%"
    stored = [column.stored([value]) or "[]" for value in values]
    marked = [one[1:-1] for one in stored]
    patterns = []
    for one in marked:
        inner = one[1:-1] if one.startswith('"') else one
        quote = '"' if one.startswith('"') else ""
        patterns.append(f"%{quote if not before else ''}{_escaped(inner)}{quote if not after else ''}%")
    parts = [f"{name} LIKE {tables.caseless.format('%s')} ESCAPE '|'"] * len(patterns)
    return (" OR ".join(parts), patterns) if parts else NEVER


def _escaped(text: str) -> str:
    return text.replace("|", "||").replace("%", "|%").replace("_", "|_")
