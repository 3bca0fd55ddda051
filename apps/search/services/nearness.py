"""Titles to offer where nothing was found: their names share the most with the words."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import pairwise

from haystack.query import SearchQuerySet

from apps.movies.models import Movie
from apps.search.services.plausibility import FIELDS, Candidate
from utils.chinese.folding import tokens

PIECES = 6  # of the words that are searched for
OF_PIECE = 20  # titles
SHARED = 0.3  # of both texts, at least
LONGEST = 24  # tokens that are compared


def near(text: str, most: int) -> list[int]:
    """Primary keys of at most `most` titles, the nearest first; they were published when they were indexed."""
    words = tokens(text)[:LONGEST]
    pieces = list(dict.fromkeys(_pieces(words)))[:PIECES]
    rows = (SearchQuerySet().models(Movie).filter(content=piece).values_list(*FIELDS)[:OF_PIECE] for piece in pieces)
    found = {int(pk): Candidate(int(pk), *row) for some in rows for pk, *row in some}
    shares = {pk: max(_share(words, tokens(name)) for name in one.names) for pk, one in found.items()}
    best = sorted((pk for pk in found if shares[pk] >= SHARED), key=lambda pk: (-shares[pk], -found[pk].heat))
    return best[:most]


def _pieces(words: list[str]) -> list[str]:
    """Neighbors, and words of several letters."""
    long = [word for word in words if len(word) > 2]
    short = [word if len(word) < 3 else "" for word in words]
    return long + [a + b for a, b in pairwise(short) if a and b]


def _share(words: list[str], theirs: list[str]) -> float:
    return SequenceMatcher(None, words, theirs, autojunk=False).ratio()
