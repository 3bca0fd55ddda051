"""Filters of found titles, with how many titles each value leaves, and their order.

Values and counts come from the facet index of the catalogue (decision 0070), a copy that may be some seconds old; and
the database decides which titles are listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import F

from apps.movies import services as movies
from apps.movies.models import Access, Audience, Category, Kind, Movie
from apps.search.keys import literal
from utils.templatetags.formats import local_name

FACETS = ("kind", "category", "genre", "region", "year", "access")
SORTS = {"date": "published_at", "heat": "plays_week", "score": "score"}  # beside relevance
LABELS = {"kind": Kind, "access": Access}


@dataclass(frozen=True)
class Narrowed:
    """Found titles that are listed, in order of relevance, and the values and the order that a viewer chose.

    Values are those of addresses: the category's is its slug, labels have their key.
    """

    found: Sequence[int]
    chosen: Mapping[str, str]
    index: movies.FacetIndex
    slugs: Mapping[str, str]  # of categories, by key
    sort: str = ""
    meant: str = ""  # what the titles were found by, where the viewer's own words find nothing
    words: str = ""  # these, or the viewer's own
    by_people: Sequence[int] = ()  # titles whose people may be called so

    @cached_property
    def ids(self) -> list[int]:
        """The titles that have every chosen value, in the chosen order; a query for another order than relevance."""
        ids = list(self.found)
        if self.chosen:
            fits = self._bits(self.chosen)
            ids = [pk for pk in ids if (place := self.index.places.get(pk)) is not None and fits >> place & 1]
        if self.sort and ids:
            rows = Movie.objects.filter(pk__in=literal(ids)).values_list("pk", flat=True)
            ordered = rows.order_by(F(SORTS[self.sort]).desc(nulls_last=True), "-pk")
            turns = {pk: turn for turn, pk in enumerate(ordered)}
            ids.sort(key=lambda pk: turns.get(pk, len(turns)))
        return ids

    def counts(self, facet: str) -> Counter[str]:
        """The number of titles per value of a facet, among those that have the chosen values of all others."""
        fits = self._bits({name: value for name, value in self.chosen.items() if name != facet}) & self._all
        values = self.index.facets[facet].values()
        found = {self._value(facet, value.key): (value.bits & fits).bit_count() for value in values}
        return Counter({value: count for value, count in found.items() if count})

    def names(self, facet: str) -> dict[str, str]:
        """What the values of a facet are called."""
        if facet in LABELS:
            return {value: str(label) for value, label in LABELS[facet].choices}
        return {self._value(facet, value.key): local_name(value) for value in self.index.facets[facet].values()}

    @cached_property
    def _all(self) -> int:
        """The places of the found titles, as bits."""
        bits = bytearray(len(self.index.ids) // 8 + 1)
        for pk in self.found:
            if (place := self.index.places.get(pk)) is not None:
                bits[place >> 3] |= 1 << (place & 7)
        return int.from_bytes(bits, "little")

    def _bits(self, chosen: Mapping[str, str]) -> int:
        keys = {slug: key for key, slug in self.slugs.items()}
        return self.index.matching({name: keys.get(v, "") if name == "category" else v for name, v in chosen.items()})

    def _value(self, facet: str, key: str) -> str:
        return self.slugs.get(key, key) if facet == "category" else key


def narrow(*, ids: Sequence[int], audience: Audience, chosen: Mapping[str, str], sort: str) -> Narrowed:
    """The listed ones among `ids`, in their order; two queries."""
    listed: set[int] = set()
    if ids:
        rows = Movie.objects.listed_by_key(audience).filter(pk__in=literal(ids))
        listed = set(rows.order_by().values_list("pk", flat=True))
    slugs = {str(pk): slug for pk, slug in Category.objects.order_by().values_list("pk", "slug")}
    found = [pk for pk in ids if pk in listed]
    return Narrowed(found, chosen, movies.facet_index(), slugs, sort)
