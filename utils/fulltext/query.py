"""Haystack's query object: turns filters into the text of `utils.fulltext.syntax`."""

from __future__ import annotations

from typing import Any

from haystack import connections
from haystack.backends import BaseSearchQuery
from haystack.inputs import AltParser, AutoQuery, BaseInput, Exact, Not, Raw

from utils.fulltext import syntax


class FullTextQuery(BaseSearchQuery):
    """Builds the query's text. Viewers' words need no cleaning: they are JSON strings in it."""

    def clean(self, query_fragment: Any) -> Any:
        return query_fragment

    def build_query(self) -> str:
        return str(self.query_filter.as_query_string(self.build_query_fragment)) or "*"

    def build_params(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        params: dict[str, Any] = super().build_params(*args, **kwargs)
        return params | ({"boost": self.boost} if self.boost else {})

    def build_query_fragment(self, field: str, filter_type: str, value: Any) -> str:
        if field != "content":
            field = connections[self._using].get_unified_index().get_index_fieldname(field)
        if hasattr(value, "values_list"):
            value = list(value)
        if not isinstance(value, BaseInput):
            plain = list(value) if isinstance(value, set | frozenset | tuple) else value
            return syntax.term(field, filter_type, plain)
        text = value.query_string
        match value:
            case Raw() if field == "content":
                return f"({text})"
            case AutoQuery():
                return _typed(field, str(text))
            case Exact():
                return syntax.term(field, "phrase" if filter_type == "content" else filter_type, text)
            case Not():
                return f"NOT {syntax.term(field, filter_type, text)}"
            case AltParser():
                return syntax.term(field, "content", text)
        return syntax.term(field, filter_type, text)


def _typed(field: str, text: str) -> str:
    """Words, "phrases" and -excluded words, as a viewer types them into a search box."""
    terms = []
    for number, part in enumerate(AutoQuery.exact_match_re.split(text)):
        if number % 2:  # between quotation marks
            terms.append(syntax.term(field, "phrase", part))
            continue
        words = part.split()
        excluded = [word[1:] for word in words if word.startswith("-") and len(word) > 1]
        if wanted := " ".join(word for word in words if not word.startswith("-") or len(word) == 1):
            terms.append(syntax.term(field, "content", wanted))
        terms += [f"NOT {syntax.term(field, 'content', word)}" for word in excluded]
    return f"({' AND '.join(terms)})" if terms else syntax.term(field, "content", "")
