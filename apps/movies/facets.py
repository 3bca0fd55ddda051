"""The filter bar: facets, chosen values and sort orders as URLs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.movies import services
from apps.movies.models import Access, Audience, Kind, Movie, Run
from utils.templatetags.formats import local_name

FACETS = ("kind", "genre", "region", "year", "run", "language", "tag", "access")
MOST = {"year": 12, "tag": 24, "genre": 30, "region": 24, "language": 16}  # values shown
FIRST = 4  # facets that a phone shows before "More filters"
SORTS = ("heat", "date", "score")
LABELS: dict[str, Any] = {"kind": Kind, "access": Access, "run": Run}


class Matches:
    """The titles that match, for a paginator: counted without asking, loaded a page at a time."""

    def __init__(self, index: services.FacetIndex, bits: int, sort: str, audience: Audience) -> None:
        self.index, self.bits, self.sort, self.audience = index, bits, sort, audience

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __iter__(self) -> Iterator[Movie]:
        return iter(self[0 : len(self)])

    def __getitem__(self, part: slice) -> list[Movie]:
        keys = self.index.page(self.bits, self.sort, part.start, part.stop)
        there = Movie.objects.listed_by_key(self.audience).for_card().in_bulk(keys)
        return [there[pk] for pk in keys if pk in there]


class Browsing:
    """The query of a page of titles; unknown values are ignored. `fixed` values belong to the page itself."""

    def __init__(
        self, query: QueryDict, index: services.FacetIndex, *, fixed: Mapping[str, str], facets: Sequence[str] = FACETS
    ) -> None:
        self.query, self.index, self.fixed, self.facets = query, index, dict(fixed), facets

    @cached_property
    def chosen(self) -> dict[str, str]:
        """The valid query values by facet."""
        known = self.index.facets
        return {name: str(self.query[name]) for name in self.facets if self.query.get(name) in known[name]}

    @property
    def sort(self) -> str:
        """The query's sort order, by default "heat"."""
        return self.query.get("sort", "heat") if self.query.get("sort") in SORTS else "heat"

    @property
    def is_plain(self) -> bool:
        """Whether the query is empty, one known sort order or one known filter."""
        return len(self.query) == len(self.chosen) + (self.query.get("sort") in SORTS) <= 1

    def matches(self, audience: Audience) -> Matches:
        """The titles that have the chosen values, in the chosen order."""
        return Matches(self.index, self.index.matching(self.fixed | self.chosen), self.sort, audience)

    def address(self, **changes: str | None) -> str:
        """The query string with `changes` applied (None removes a value); may be empty."""
        values: dict[str, Any] = {**self.chosen, **({"sort": self.sort} if self.sort != "heat" else {}), **changes}
        fresh = QueryDict(mutable=True)
        fresh.update({name: value for name, value in values.items() if value})
        return f"?{fresh.urlencode()}" if fresh else ""

    def context(self, base: str) -> dict[str, Any]:
        """facets, chosen and sorts for the template; `base` is the first page without a query."""
        sorts = {"heat": _("Popular"), "date": _("Newest"), "score": _("Top rated")}
        counts = self.index.counts(self.fixed | self.chosen, self.facets)
        titles = facet_titles()
        return {
            "facets": [facet for name in self.facets if (facet := self._facet(name, titles[name], counts[name], base))],
            "chosen": [
                {
                    "label": label_of(name, self.index.facets[name][key]),
                    "remove_url": base + self.address(**{name: None}),
                }
                for name, key in self.chosen.items()
            ],
            "sorts": [
                {"label": title, "url": base + self.address(sort=name), "chosen": self.sort == name}
                for name, title in sorts.items()
            ],
            "query": self.address(),
            "more_chosen": not set(self.facets[:FIRST]).issuperset(self.chosen),
        }

    def _facet(self, name: str, title: str, counts: dict[str, int], base: str) -> dict[str, Any] | None:
        """A row of the filter bar; None if there is nothing to choose. Values that no title has aren't offered."""
        chosen, values = self.chosen.get(name), self.index.facets[name]
        offered = [key for key in values if counts[key] or key == chosen]
        if name in MOST and len(offered) > MOST[name]:
            first = {"year": lambda key: -int(key)}.get(name, lambda key: -counts[key])  # the newest, or most frequent
            offered = sorted(sorted(offered, key=first), key=lambda key: key != chosen)[: MOST[name]]
        if len(offered) < 2 and not chosen:
            return None
        return {
            "name": name,
            "label": title,
            "any": {"url": base + self.address(**{name: None}), "chosen": not chosen},
            "choices": [
                {
                    "label": label_of(name, values[key]),
                    "count": counts[key],
                    "url": base + self.address(**{name: key}),
                    "chosen": chosen == key,
                }
                for key in offered
            ],
        }


def facet_titles() -> dict[str, str]:
    """What the facets are called."""
    return {
        "kind": _("Type"),
        "genre": _("Genre"),
        "region": _("Region"),
        "year": _("Year"),
        "run": _("Status"),
        "language": _("Language"),
        "tag": _("Tag"),
        "access": _("Access"),
        "category": _("Category"),
    }


def label_of(facet: str, value: services.FacetValue) -> str:
    """The value's name in the active language."""
    return capfirst(str(LABELS[facet](value.key).label)) if facet in LABELS else local_name(value)
