"""Marks what a query found in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.utils.html import escape

from utils.fulltext.analysis import fold, tokens

LONGEST_CONTEXT = 200  # characters


def highlighted(text: Any, queries: Iterable[str], **options: Any) -> str:
    """HTML of `text` around the first hit, with hits in <em> (`html_tag`, `css_class`, `max_length` as Haystack's)."""
    text = " ".join(map(str, text)) if isinstance(text, list) else str(text)
    spans = hits(text, queries)
    most = int(options.get("max_length", LONGEST_CONTEXT))
    begin = max(spans[0][0] - most // 4, 0) if spans and len(text) > most else 0
    end = min(begin + most, len(text))
    tag, css = options.get("html_tag", "em"), options.get("css_class")
    opening = f'<{tag} class="{escape(css)}">' if css else f"<{tag}>"
    parts, at = ["..."] if begin else [], begin
    for first, last in spans:
        if first < at or last > end:
            continue
        parts += [escape(text[at:first]), opening, escape(text[first:last]), f"</{tag}>"]
        at = last
    parts += [escape(text[at:end]), "..." if end < len(text) else ""]
    return "".join(parts)


def hits(text: str, queries: Iterable[str]) -> list[tuple[int, int]]:
    """Begin and end of what `queries` found in `text`, in order, without overlaps."""
    folded, places = [], []
    for place, letter in enumerate(text):
        for part in fold(letter):
            folded.append(part)
            places.append(place)
    plain = "".join(folded)
    spans: list[tuple[int, int]] = []
    for word in dict.fromkeys(word for query in queries for word in query.split()):
        wanted = tokens(word)
        if not wanted:
            continue
        pattern = r"[\W_]*".join(map(re.escape, wanted))
        if wanted[0].isascii():
            pattern = rf"\b{pattern}"
        spans += [(places[m.start()], places[m.end() - 1] + 1) for m in re.finditer(pattern, plain)]
    kept: list[tuple[int, int]] = []
    for first, last in sorted(set(spans), key=lambda one: (one[0], -one[1])):
        if not kept or first >= kept[-1][1]:
            kept.append((first, last))
    return kept
