"""Finding titles, and what viewers search for."""

from apps.search.services import hot, recent
from apps.search.services.evaluation import Evaluated, Pair, evaluate, read_pairs
from apps.search.services.finding import find, finds, near, people, search
from apps.search.services.freshness import (
    differences,
    mend_differences,
    prepare,
    reheat,
    update,
    update_related,
)
from apps.search.services.marking import Field, Match, Part, explain, marked
from apps.search.services.matching import Matches, match
from apps.search.services.narrowing import FACETS, SORTS, Narrowed
from apps.search.services.recording import record_pick, record_search
from apps.search.services.suggesting import Source, Suggestion, suggest
from apps.search.services.texts import folded, plain
from utils.fulltext.generations import Outdated
from utils.fulltext.rebuilding import NotThisEngine, mend

__all__ = [
    "FACETS",
    "SORTS",
    "Evaluated",
    "Field",
    "Match",
    "Matches",
    "Narrowed",
    "NotThisEngine",
    "Outdated",
    "Pair",
    "Part",
    "Source",
    "Suggestion",
    "differences",
    "evaluate",
    "explain",
    "find",
    "finds",
    "folded",
    "hot",
    "marked",
    "match",
    "mend",
    "mend_differences",
    "near",
    "people",
    "plain",
    "prepare",
    "read_pairs",
    "recent",
    "record_pick",
    "record_search",
    "reheat",
    "search",
    "suggest",
    "update",
    "update_related",
]
