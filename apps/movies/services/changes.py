"""Telling what is made of titles that they changed: cached pages, and the search index."""

from __future__ import annotations

from collections.abc import Sequence

from utils.cache import invalidate_pages
from utils.tasks import enqueue

AT_ONCE = 200  # titles of one task


def announce(*, movie_ids: Sequence[int]) -> None:
    """The titles changed, or their status did: called in the transaction of the change."""
    for start in range(0, len(movie_ids), AT_ONCE):
        enqueue("search.update", durable=True, movie_ids=list(movie_ids[start : start + AT_ONCE]))
    if movie_ids:
        invalidate_pages()


def announce_renamed(*, relation: str, key: int) -> None:
    """A category, region, language, tag or person that search finds titles by was renamed, in this transaction."""
    enqueue("search.update_related", durable=True, relation=relation, key=key)
