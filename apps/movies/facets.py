"""The filter bar: facets, chosen values and sort orders as URLs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import Value
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.movies.models import Access, Genre, Kind, MovieQuerySet, Region
from utils.templatetags.formats import local_name

SORTS = {"heat": "-plays_week", "date": "-published_at", "score": "-score"}
LONGEST_YEARS = 12


class Named(NamedTuple):
    """A genre, a region, or a year (its number is `pk`)."""

    of: str
    pk: int
    name: str
    name_en: str


@dataclass(frozen=True)
class Browsing:
    """The query of a category page; unknown values are ignored."""

    query: QueryDict
    genres: list[Named]
    regions: list[Named]
    years: list[int]

    @cached_property
    def choices(self) -> dict[str, list[tuple[str, str]]]:
        """The values of each facet: query value and label."""
        return {
            "kind": [(k.value, capfirst(str(k.label))) for k in Kind],
            "genre": [(str(g.pk), local_name(g)) for g in self.genres],
            "region": [(str(r.pk), local_name(r)) for r in self.regions],
            "year": [(str(y), str(y)) for y in self.years],
            "access": [(a.value, capfirst(str(a.label))) for a in Access],
        }

    @cached_property
    def chosen(self) -> dict[str, str]:
        """The valid query values by facet."""
        return {
            name: str(self.query[name])
            for name, values in self.choices.items()
            if self.query.get(name) in {value for value, _ in values}
        }

    @property
    def sort(self) -> str:
        """The query's key of SORTS, by default "heat"."""
        return self.query.get("sort", "heat") if self.query.get("sort") in SORTS else "heat"

    @property
    def is_plain(self) -> bool:
        """Whether the query is empty, one known sort order or one known filter."""
        return len(self.query) == len(self.chosen) + (self.query.get("sort") in SORTS) <= 1

    def apply(self, movies: MovieQuerySet) -> MovieQuerySet:
        """The movies that match the chosen values, in the chosen order."""
        fields = {"kind": "kind", "genre": "genres", "region": "region", "year": "year", "access": "access"}
        found = movies.filter(**{fields[name]: value for name, value in self.chosen.items()})
        return found.order_by(SORTS[self.sort], "-pk")

    def address(self, **changes: str | None) -> str:
        """The query string with `changes` applied (None removes a value); may be empty."""
        values: dict[str, Any] = {**self.chosen, **({"sort": self.sort} if self.sort != "heat" else {}), **changes}
        fresh = QueryDict(mutable=True)
        fresh.update({name: value for name, value in values.items() if value})
        return f"?{fresh.urlencode()}" if fresh else ""

    def context(self, base: str) -> dict[str, Any]:
        """facets, chosen and sorts for the template; `base` is the category's first page."""
        titles = {
            "kind": _("Type"),
            "genre": _("Genre"),
            "region": _("Region"),
            "year": _("Year"),
            "access": _("Access"),
        }
        sorts = {"heat": _("Popular"), "date": _("Newest"), "score": _("Top rated")}
        chosen, known = self.chosen, self.choices
        return {
            "facets": [
                {
                    "name": name,
                    "label": title,
                    "any": {"url": base + self.address(**{name: None}), "chosen": name not in chosen},
                    "choices": [
                        {
                            "label": label,
                            "url": base + self.address(**{name: value}),
                            "chosen": chosen.get(name) == value,
                        }
                        for value, label in known[name]
                    ],
                }
                for name, title in titles.items()
                if len(known[name]) > 1
            ],
            "chosen": [
                {"label": dict(known[name])[value], "remove_url": base + self.address(**{name: None})}
                for name, value in chosen.items()
            ],
            "sorts": [
                {"label": title, "url": base + self.address(sort=name), "chosen": self.sort == name}
                for name, title in sorts.items()
            ],
            "query": self.address(),
        }


def browsing(query: QueryDict, listed: MovieQuerySet) -> Browsing:
    """The facets there are of the listed titles (one query) and what the query chose."""
    genres, regions = (
        model.objects.annotate(of=Value(model.__name__)).values_list("of", "pk", "name", "name_en").order_by()
        for model in (Genre, Region)
    )
    dated = listed.exclude(year=None).order_by()
    years = dated.values_list(Value("Year"), "year", Value(""), Value("")).distinct()
    named = [Named(*row) for row in genres.union(regions, years, all=True).order_by("of", "pk")]
    of_kind = {of: list(rows) for of, rows in groupby(named, attrgetter("of"))}
    return Browsing(
        query,
        of_kind.get(Genre.__name__, []),
        of_kind.get(Region.__name__, []),
        [row.pk for row in reversed(of_kind.get("Year", []))][:LONGEST_YEARS],
    )
