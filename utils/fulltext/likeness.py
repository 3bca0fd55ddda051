"""Documents that share rare words with another one."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence

from utils.fulltext.analysis import Phrase
from utils.fulltext.matching import Occurs
from utils.fulltext.tables import Condition, Tables

COMPARED = 40  # words or pairs of characters of which the rarest are taken
RAREST = 12
COMMON = 500  # a word in more documents says little
READ = 200  # documents with one word


def similar(tables: Tables, identity: str, where: Sequence[Condition], *, limit: int) -> list[tuple[int, float]]:
    """Ids of the documents most like one, with scores, best first; without itself."""
    model, _, pk = identity.rpartition(".")
    name = tables.schema.document
    with tables.connection.cursor() as cursor:
        kept = tables.find(cursor, model, [pk])
    if not kept or name not in tables.schema.texts:
        return []
    texts = tables.documents([kept[0].id], [name])[kept[0].id][name]
    phrases = _phrases(tables.schema.texts[name].index(" ".join(texts) if isinstance(texts, list) else texts or ""))
    asked = [(phrase, tables.text_source(Occurs((name,), phrase))) for phrase in phrases[:COMPARED]]
    sources = {phrase: source for phrase, source in asked if source is not None}
    counts = {phrase: tables.count(source, (), limit=COMMON) for phrase, source in sources.items()}
    shared = sorted((count, phrase) for phrase, count in counts.items() if 1 < count < COMMON) or sorted(
        (count, phrase) for phrase, count in counts.items() if count > 1
    )
    scores: defaultdict[int, float] = defaultdict(float)
    for count, phrase in shared[:RAREST]:
        for one in tables.ids(sources[phrase], where, limit=READ):
            scores[one] += 1 / math.log2(1 + count)
    scores.pop(kept[0].id, None)
    return sorted(scores.items(), key=lambda one: (-one[1], one[0]))[:limit]


def _phrases(tokens: Sequence[str]) -> list[Phrase]:
    """Words, and pairs of what is a single character."""
    words = [Phrase((token,)) for token in tokens if len(token) > 1]
    pairs = [Phrase(pair) for pair in itertools.pairwise(tokens) if all(len(one) == 1 for one in pair)]
    return list(dict.fromkeys(words + pairs))
