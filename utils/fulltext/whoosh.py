"""Haystack's Whoosh engine with a Chinese analyzer: files instead of tables, for a small site on one machine.

Its package isn't installed by default: `requirements-whoosh.txt`. Of the options of `utils.fulltext` it reads RANKING:
`content` searches its fields, and each weighs more than the next. PATH is the folder of its files.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from haystack.backends.whoosh_backend import WhooshEngine, WhooshSearchBackend, WhooshSearchQuery
from whoosh.analysis import Token, Tokenizer
from whoosh.fields import TEXT
from whoosh.qparser import FuzzyTermPlugin, MultifieldParser

from utils.fulltext.analysis import LONGEST_QUERY, tokens
from utils.fulltext.words import places

LESS = 2.0  # times that a field of RANKING weighs more than the next
NOTHING = "\U0010fffd"  # stands for a text without words; no text has it


class Chinese(Tokenizer):
    """Words of jieba's dictionary, the words within them, and single characters: one of them is a query, too."""

    def __call__(
        self,
        value: str,
        positions: bool = False,
        chars: bool = False,
        start_pos: int = 0,
        start_char: int = 0,
        **_: Any,
    ) -> Iterator[Token]:
        token = Token(positions, chars)
        for number, (text, begin) in enumerate(places(value) or [(NOTHING, 0)] * (value == NOTHING)):
            token.text = token.original = text
            token.boost, token.stopped = 1.0, False
            if positions:
                token.pos = start_pos + number
            if chars:
                token.startchar, token.endchar = start_char + begin, start_char + begin + len(text)
            yield token


class ChineseWhooshBackend(WhooshSearchBackend):
    """Reads every text field by `Chinese`; analyzers that fields name are the other engine's."""

    def __init__(self, connection_alias: str, **options: Any) -> None:
        super().__init__(connection_alias, **options)
        self._ranking = [lookup.partition("__")[0] for lookup in options.get("RANKING", ())]

    def build_schema(self, fields: Mapping[str, Any]) -> Any:
        own = {}
        for name, field in fields.items():
            own[name] = copy.copy(field)
            own[name].analyzer = Chinese()
        content, schema = super().build_schema(own)
        for field in fields.values():
            if field.is_multivalued and field.indexed:  # Haystack's would only be found as a whole
                schema.remove(field.index_fieldname)
                schema.add(field.index_fieldname, TEXT(stored=True, analyzer=Chinese(), field_boost=field.boost))
        return content, schema

    def setup(self) -> None:
        super().setup()
        names = [name for name in dict.fromkeys([*self._ranking, self.content_field_name]) if name in self.schema]
        boosts = {name: LESS**-place for place, name in enumerate(names)}
        self.parser = MultifieldParser(names, schema=self.schema, fieldboosts=boosts)
        self.parser.add_plugins([FuzzyTermPlugin])


class ChineseWhooshQuery(WhooshSearchQuery):
    """Texts are words: no character of theirs is syntax."""

    def clean(self, query_fragment: str) -> str:
        words = query_fragment[:LONGEST_QUERY].split()
        return " ".join(text for word in words if (text := _joined(tokens(word)))) or NOTHING

    def matching_all_fragment(self) -> str:
        return "*:*"


def _joined(words: list[str]) -> str:
    """Words with spaces between those that would run into each other."""
    text = ""
    for word in words:
        text += f" {word}" if text[-1:].isascii() and text and word.isascii() else word
    return text


class ChineseWhooshEngine(WhooshEngine):
    """For HAYSTACK_CONNECTIONS."""

    backend = ChineseWhooshBackend
    query = ChineseWhooshQuery
