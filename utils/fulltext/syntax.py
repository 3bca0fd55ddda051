"""Queries as text: `author:"daniel" AND NOT (year__gte:2020 OR year__in:[1999,2001])`, and back to a tree.

Values are JSON, so nothing in a viewer's words can end one. A bare word, or whatever isn't of this form, is searched
as content. `field:[1 TO 5]` is a range, `*` matches everything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

DEEPEST = 30  # nested parentheses; deeper ones are ignored
LONGEST = 200  # parts of a query; what follows is ignored

_PART = re.compile(
    r"""\s*(?:
      (?P<open>\()|(?P<close>\))|(?P<word>AND|OR|NOT)(?=[\s(]|$)|(?P<all>\*)(?=[\s)]|$)
      |(?P<field>[A-Za-z_]\w*):(?:
          (?P<json>"(?:[^"\\]|\\.)*"|\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\]|true\b|false\b|null\b|-?\d+(?:\.\d+)?(?=[\s)]|$))
          |(?P<bare>[^\s()]+))
      |"(?P<quoted>(?:[^"\\]|\\.)*)"
      |(?P<content>[^\s()]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_HALF = re.compile(r"\\u[dD][89a-fA-F]..")
_RANGE = re.compile(r"\[\s*(.+?)\s+(?:TO|to)\s+(.+?)\s*\]", re.DOTALL)
OPERATIONS = {
    *("content", "phrase", "contains", "exact", "startswith", "endswith", "fuzzy"),
    *("gt", "gte", "lt", "lte", "in", "range"),
}


@dataclass(frozen=True)
class Term:
    """One lookup. `field` is "content" for all ranked fields."""

    field: str
    operation: str
    value: Any


@dataclass(frozen=True)
class All:
    """Matches every document."""


@dataclass(frozen=True)
class Group:
    """Children joined by AND or OR."""

    connector: str
    children: tuple[Tree, ...]


@dataclass(frozen=True)
class Not:
    """Everything else."""

    child: Tree


Tree: TypeAlias = Term | All | Group | Not


def term(field: str, operation: str, value: Any) -> str:
    """The text of one lookup."""
    name = field if operation == "content" else f"{field}__{operation}"
    return f"{name}:{json.dumps(value, ensure_ascii=False, default=str)}"


def parse(text: str) -> Tree:
    """The tree of a query; never fails."""
    whole = text.encode(errors="replace").decode()  # half a surrogate pair is no text for a database
    return _simple(_any(islice(_PART.finditer(whole), LONGEST), 0))


def _any(parts: Iterator[re.Match[str]], depth: int) -> list[list[Tree]]:
    """Alternatives up to the closing parenthesis: lists of what is joined by AND."""
    alternatives: list[list[Tree]] = [[]]
    negated = False
    for part in parts:
        match part.lastgroup:
            case "close":
                if depth:
                    break
                continue
            case "word":
                if part["word"] == "OR":
                    alternatives.append([])
                negated = negated ^ (part["word"] == "NOT")
                continue
            case "open":
                found: Tree = _simple(_any(parts, depth + 1)) if depth < DEEPEST else All()
                if depth >= DEEPEST:
                    continue
            case _:
                found = _leaf(part)
        alternatives[-1].append(Not(found) if negated else found)
        negated = False
    return alternatives


def _simple(alternatives: list[list[Tree]]) -> Tree:
    joined = [_joined("AND", children) for children in alternatives if children]
    return _joined("OR", joined) if joined else All()


def _joined(connector: str, children: list[Tree]) -> Tree:
    return children[0] if len(children) == 1 else Group(connector, tuple(children))


def _leaf(part: re.Match[str]) -> Tree:
    if part["all"]:
        return All()
    if part["content"] is not None:
        return Term("content", "content", part["content"])
    if part["quoted"] is not None:
        return Term("content", "phrase", part["quoted"])
    field, _, operation = part["field"].rpartition("__")
    if not field or operation not in OPERATIONS:
        field, operation = part["field"], "content"
    if part["bare"] is not None:
        return Term(field, operation, part["bare"])
    try:
        return Term(field, operation, json.loads(_HALF.sub("?", part["json"]), strict=False))
    except ValueError:
        pass
    if found := _RANGE.fullmatch(part["json"]):
        return Term(field, "range", [_bound(one) for one in found.groups()])
    return Term(field, operation, part["json"])


def _bound(text: str) -> Any:
    if text == "*":
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text.strip("\"'")
